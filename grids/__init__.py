"""Where and by whom: territory, people, nodes."""

"""Pages of the roster: /roster/."""

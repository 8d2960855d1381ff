"""Drawing in a draft: each step is written, checked and can be undone."""

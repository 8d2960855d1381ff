"""What lists of incidents mean: which column holds what, which channel a word names."""

"""Files of figures and cases: columns with their meaning, and one writer for each format."""

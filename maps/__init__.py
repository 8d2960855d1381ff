"""To see it: layers, vector tiles, map pages."""

"""REST: tiers, grids, their outlines, places by words."""

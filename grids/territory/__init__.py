"""Where: tiers, grids, boundaries, editions, coverage, ground features."""

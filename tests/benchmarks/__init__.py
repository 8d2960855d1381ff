"""Figures beside their yardsticks, both measured in the same run. See `frame`."""

"""Trying a division on a past period: pure computation, no Django."""

"""Verbs of the territory: responsibility, editions, import, coverage, places, ground."""

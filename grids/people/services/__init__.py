"""Verbs and questions of the people room."""

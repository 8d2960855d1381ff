"""Verbs and questions of the data room."""

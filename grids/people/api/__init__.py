"""The people room over HTTP."""

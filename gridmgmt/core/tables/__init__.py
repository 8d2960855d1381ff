"""Lists from and to spreadsheets: opening a file, reading its cells, writing cells that stay text.

What a list means (which column holds what) belongs to the room that reads it.
"""

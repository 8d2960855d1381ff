"""Reading lists of incidents from files: tables, columns, cells. Writes nothing."""

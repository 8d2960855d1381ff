"""Pages, files and the interface of the data room."""

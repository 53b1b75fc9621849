"""One self-contained HTML page: a function a section, drawing apart from computing."""

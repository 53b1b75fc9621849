"""The training of edge nets."""

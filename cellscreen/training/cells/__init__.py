"""The training of nets of single cells."""

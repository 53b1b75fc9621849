"""The training of nets of bags of crops."""

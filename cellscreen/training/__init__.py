"""One fit: configuration, run folder, metrics, baselines."""

"""Methods without a set encoder on a run's own folds, and all methods beside each other."""

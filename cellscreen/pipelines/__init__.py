"""Records to batches: labels, folds, augmentation."""

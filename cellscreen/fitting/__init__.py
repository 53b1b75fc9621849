"""One fit and what is around every training: loop, flags, folds, run folder, card."""

"""Scores to verdicts: pure functions from the score table to tables, without TensorFlow."""

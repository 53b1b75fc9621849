"""What answers are worth: figures, intervals, calibration, curves, baselines."""

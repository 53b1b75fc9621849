"""Many trainings: sweeps, and runs beside each other."""

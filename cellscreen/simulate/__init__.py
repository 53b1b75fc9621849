"""Simulated cultures and plates with a known truth, for what no public data set shows."""

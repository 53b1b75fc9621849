"""Nets of bags exported, and scoring bags."""

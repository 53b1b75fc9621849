"""Nets of single cells exported, and scoring cells."""

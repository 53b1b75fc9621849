"""Cells' answers voted to images, wells and compounds, and what they are worth."""

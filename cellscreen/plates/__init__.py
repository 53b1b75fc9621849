"""What is on disk: every way to lay out images becomes one plate table."""

"""Edge nets exported, and scoring images."""

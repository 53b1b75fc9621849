"""What all trainers' models share when they are exported and score."""

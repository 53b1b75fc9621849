"""One plate's pixels: is everything there, can it be read, and does it fit together."""

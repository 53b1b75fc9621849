"""SavedModels with their preprocessing inside, and scoring new plates with them."""

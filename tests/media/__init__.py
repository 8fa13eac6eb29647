"""Real files of every kind, good and bad, and what becomes of them."""

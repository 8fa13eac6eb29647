"""A real player in a real browser."""

"""The gateway: keys, limits, and what passes."""

"""Tutorials that a model writes: their rows, their sources, and what of an answer is kept."""

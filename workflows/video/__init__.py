"""How videos are processed, as far as no byte of them is touched."""

"""What is reckoned about videos before a byte of them is touched."""

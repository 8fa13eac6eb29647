"""Calls to the outside: what all kinds share is in `caller`, each kind in a file of its own."""

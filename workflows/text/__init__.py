"""Readers of definitions as text that also say where everything is."""

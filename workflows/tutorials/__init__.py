"""What a tutorial is, and what a model is told to write one: pure."""

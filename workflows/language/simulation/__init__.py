"""A world in which an execution runs without any effect: a clock that jumps, and mocks for what is outside."""

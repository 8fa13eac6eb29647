"""The parts of the API gateway that need no process."""

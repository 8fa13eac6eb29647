"""What calls other than HTTP's own do, one file a protocol, and the programs that `run` tasks start."""

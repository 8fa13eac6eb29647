"""Playing videos over HTTP."""

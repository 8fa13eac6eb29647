"""Authentication policies of workflows turned into what goes over the wire."""

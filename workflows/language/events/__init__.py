"""Events: CloudEvents as values, the filters that listeners describe them by, and what a listener consumes of them."""

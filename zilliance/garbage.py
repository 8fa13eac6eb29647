"""Garbage collection of processes that serve: what a process is made of is not looked through again while it does.

As Python ships it, the API looked through everything that it had imported every few hundred requests, and each time
nobody was answered for 0.2 to 0.5 s.
"""

import gc

# How many more objects are made than freed before the youngest are looked through; how many such rounds come before the
# next older ones are. A round over the youngest takes about a millisecond.
THRESHOLDS = (10_000, 20, 50)


def spare_what_stays() -> None:
    """Call when all is imported and nothing is served yet."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)

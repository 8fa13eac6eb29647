"""Who waits for the end of a workflow looks again less and less often."""

from itertools import islice, pairwise

from api.waiting import FIRST_PAUSE, LONGEST_PAUSE, pauses


def test_pauses_grow_to_the_longest_and_stay_there() -> None:
    found = list(islice(pauses(), 50))
    assert (found[0], found[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert all(before < after or before == LONGEST_PAUSE for before, after in pairwise(found))
    assert sum(found) > 40  # of which looks of a caller who waits half a minute are some thirty

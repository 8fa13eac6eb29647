"""Processes that serve do not look through what they are made of again and again."""

import subprocess
import sys

_SERVING = """
import gc
from zilliance.garbage import spare_what_stays
there = [[] for _ in range(1000)]
spare_what_stays()
assert gc.get_freeze_count() > 1000
tracked = {id(each) for each in gc.get_objects()}
assert not tracked & {id(each) for each in there}
class Loop: pass
import weakref
one = Loop(); one.self = one
gone = weakref.ref(one); del one
gc.collect()
assert gone() is None
print("served")
"""


def test_what_was_there_before_serving_is_not_collected_again_and_what_comes_after_is() -> None:
    done = subprocess.run([sys.executable, "-c", _SERVING], capture_output=True, text=True, check=False)
    assert done.stdout == "served\n", done.stderr

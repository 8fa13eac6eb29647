"""Folders of media workers that start together, and of those that died."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from activities.media.scratch import LOCK, own_folder

WORKERS = 8


def test_workers_that_start_together_take_no_folder_from_each_other(tmp_path: Path) -> None:
    for number in range(40):
        parent, starting, working = tmp_path / str(number), Barrier(WORKERS), Barrier(WORKERS)

        def work(parent: Path = parent, starting: Barrier = starting, working: Barrier = working) -> bool:
            starting.wait(30)
            with own_folder(parent) as folder:
                working.wait(30)
                there = (folder / LOCK).exists()
                working.wait(30)
                return there

        with ThreadPoolExecutor(WORKERS) as pool:
            assert all(each.result() for each in [pool.submit(work) for _ in range(WORKERS)])


def test_what_a_worker_that_died_has_left_goes(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    (left / LOCK).touch()
    (left / "film.mp4").touch()
    with own_folder(tmp_path) as first, own_folder(tmp_path) as second:
        assert set(tmp_path.iterdir()) == {first, second}
    assert list(tmp_path.iterdir()) == []

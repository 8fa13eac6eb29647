"""Seconds from a warm install until the platform serves, and its idle memory: `uv run python -m bench.start`."""

import asyncio
import time

import psutil

from bench.stage import platform

IDLE_SECONDS = 10


def resident(pid: int) -> tuple[int, int]:
    """Bytes of a process and its descendants: as RSS, and as PSS, which counts a page that several share once."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    sizes = [process.memory_full_info() for process in processes]
    return sum(size.rss for size in sizes), sum(size.pss for size in sizes)


async def main() -> None:
    began = time.perf_counter()
    async with platform() as stack:
        served = time.perf_counter() - began
        await asyncio.sleep(IDLE_SECONDS)
        print(f"first start in a new home, until everything answers: {served:.1f} s (must: 20 s or less)\n")
        print("| part | RSS MB | PSS MB |\n|---|---|---|")
        totals = [0, 0]
        for part in ("postgres", "temporal", "s3", "mail", "api", "worker", "media"):
            pid = stack.process(part).pid
            rss, pss = resident(pid) if pid else (0, 0)
            totals = [totals[0] + rss, totals[1] + pss]
            print(f"| {part} | {rss / 1e6:.0f} | {pss / 1e6:.0f} |")
        print(f"| all (must: RSS 1,300 or less) | {totals[0] / 1e6:.0f} | {totals[1] / 1e6:.0f} |")


if __name__ == "__main__":
    asyncio.run(main())

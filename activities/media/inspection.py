"""Sources are looked into by a limited child process, and what it finds is judged here.

The child has read bytes that anybody may have made, so its answer is data like any other: it is parsed, bounded, and
at the worst wrong about this one file.
"""

import json
import sys
from dataclasses import asdict
from urllib.parse import urlsplit

import orjson
from pydantic import TypeAdapter

from activities.media.judgement import report_of
from activities.media.probe.facts import Answer, Order
from activities.media.source_limits import SourceLimits
from activities.media.tools import MediaTools
from workflows.contracts.video import SourceReport
from workflows.video.refusals import Refusal, UnusableVideoError
from zilliance.errors import InvalidInputError, UnavailableError
from zilliance.processes import NOBODY, Ended, ProcessFailedError, ProcessLimits, Program

SECONDS = 25.0  # of the wall; what is hostile has used up its CPU seconds long before
DECODING_SECONDS = 6.0
CPU_SECONDS = 10
LIMITS = ProcessLimits(
    seconds=SECONDS,
    cpu_seconds=CPU_SECONDS + 2,
    memory_bytes=1536 * 1024**2,
    file_bytes=0,
    open_files=64,
    processes=8,
    output_bytes=512 * 1024,
)
MODULE = "activities.media.probe"

# How a shell says that a signal ended a program: by its limit on CPU time, or by what the bytes did to libav.
_FATAL = {128 + number for number in (4, 6, 7, 8, 11, 24, 31)}

_ANSWER = TypeAdapter(Answer)


async def inspect(tools: MediaTools, location: str, limits: SourceLimits) -> SourceReport:
    """What is in a source, after one picture and a little of each sound were decoded.

    Where `needs_remux` is set, plan from the inspection of the copy: only that knows for sure how long it is. To be
    called in the main thread's loop: the child ends together with the thread that started it.

    Args:
        tools: of which only the door to programs is used.
        location: an absolute path, or a presigned URL of the S3 store.
        limits: the operator's.

    Raises:
        UnusableVideoError: the file is refused; another try with the same bytes ends likewise.
        UnavailableError: it could not be read this time.
        ProcessFailedError: the child could not be run to its end, for a reason that is not in the file.
    """
    _check(location, limits.store)
    order = Order(
        location=location,
        user=NOBODY,
        max_side=limits.max_side,
        max_pixels=limits.max_pixels,
        max_streams=limits.max_streams,
        seconds=DECODING_SECONDS,
        cpu_seconds=CPU_SECONDS,
    )
    # It starts as the worker's own user: a checkout or a cache that only root may read is none for nobody. Before it
    # parses a byte it becomes nobody itself.
    program = Program(
        arguments=[sys.executable, "-I", "-m", MODULE],
        stdin=json.dumps(asdict(order)).encode(),
        wanted=frozenset({"stdout"}),
        trusted=True,
    )
    answer = _answer(await tools.processes.run(program, LIMITS))
    if answer.code:
        raise UnusableVideoError(Refusal(answer.code), answer.message)
    if answer.facts is None:
        message = f"The source cannot be read: {answer.unavailable}"
        raise UnavailableError(message)
    if answer.facts.size > limits.max_bytes:
        message = f"The file has {answer.facts.size} bytes; at most {limits.max_bytes} are taken."
        raise UnusableVideoError(Refusal.TOO_LARGE, message)
    return report_of(answer.facts, limits)


def _check(location: str, store: str) -> None:
    if location.startswith("/"):
        return
    wanted, own = urlsplit(location), urlsplit(store)
    if wanted.scheme not in {"http", "https"} or (wanted.scheme, wanted.netloc) != (own.scheme, own.netloc):
        message = "A source is a file of this machine or an object of the platform's own S3 store"
        raise InvalidInputError(message)


def _answer(ended: Ended) -> Answer:
    if ended.code in _FATAL:
        message = "Looking into the file takes more time or memory than a file is given: it is damaged, or does harm."
        raise UnusableVideoError(Refusal.TOO_EXPENSIVE, message)
    if ended.code != 0:
        said = ended.stderr.decode(errors="replace").strip()[-500:]
        message = f"the inspection ended with status {ended.code}: {said}"
        raise ProcessFailedError(message)
    try:
        return _ANSWER.validate_python(orjson.loads(ended.stdout))  # which knows neither NaN nor infinity
    except ValueError as error:
        message = f"the inspection's answer cannot be read: {str(error)[:200]}"
        raise ProcessFailedError(message) from error

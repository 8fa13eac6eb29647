"""A stack at a terminal: progress lines, one Ctrl-C to stop it in order, a second one to end it at once."""

import asyncio
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping

from zilliance.devstack.errors import StackError
from zilliance.devstack.stack import Stack
from zilliance.settings import SettingsError

STOPPED_BY_PERSON = 130
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up() -> int:
    """`zilliance up`: the stack, until it is stopped."""
    return run(_until_stopped, on_running=_tell)


def run(
    work: Callable[[Stack], Awaitable[int]],
    *,
    on_running: Callable[[Stack], int] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> int:
    """Start the whole stack, do `work` on it, stop it; the exit status.

    Args:
        work: gets the serving stack; is cancelled when the person asks to stop.
        on_running: what to do instead when a stack already runs in this home; left out, that is an error.
        overrides: settings by their variables' names, above the environment and `.env`.
    """
    try:
        stack = Stack(overrides=overrides, report=say)
        if on_running is not None and stack.home.is_running():
            return on_running(stack)
        return asyncio.run(_serve(stack, work))
    except (StackError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def say(line: str) -> None:
    print(f"  {line}", flush=True)


async def _serve(stack: Stack, work: Callable[[Stack], Awaitable[int]]) -> int:
    asked = asyncio.Event()

    def on_signal() -> None:
        if asked.is_set():
            print("killing everything", flush=True)
            stack.kill_all()
        asked.set()

    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    job = asyncio.create_task(_start_and_work(stack, work))
    waiting = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait({job, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            print("\nstopping (once more to kill)", flush=True)
            job.cancel()
        return await job
    except asyncio.CancelledError:
        return STOPPED_BY_PERSON
    finally:
        waiting.cancel()
        await stack.stop()


async def _start_and_work(stack: Stack, work: Callable[[Stack], Awaitable[int]]) -> int:
    began = time.monotonic()
    print(f"starting in {stack.home.path}", flush=True)
    await stack.start()
    print(f"serving after {time.monotonic() - began:.1f} s\n{_links(stack)}", flush=True)
    return await work(stack)


async def _until_stopped(_stack: Stack) -> int:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return 0  # being stopped is how it ends
    return 0


def _tell(stack: Stack) -> int:
    """Say where the stack that already runs is reached."""
    state = stack.home.read_state()
    known = state.get("status", {})
    print(f"already running in {stack.home.path} (pid {state.get('pid')}); `zilliance status` has all of it")
    print(f"  API          {known.get('api_url')}\n  Temporal UI  {known.get('temporal_ui_url')}")
    return 0


def _links(stack: Stack) -> str:
    known = stack.describe()
    return (
        f"  API          {known['api_url']}  (docs: {known['api_url']}/docs)\n"
        f"  Temporal UI  {known['temporal_ui_url']}\n"
        f"  mail         {known['mail_url']}\n"
        f"  models       {known['ai_url'] or 'none'}\n"
        f"  anon key     {known['anon_key']}\n"
        "Ctrl-C stops everything; `zilliance status --json` prints every address and key"
    )

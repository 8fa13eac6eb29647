"""`python -m zilliance.devstack.ai_stand_in PORT`: the stand-in as a part of the stack."""

import asyncio
import signal
import sys

from zilliance.devstack.ai_stand_in.server import StandInProvider


async def main(port: int) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with StandInProvider.listening(port):
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))

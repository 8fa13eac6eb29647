"""`python -m api`: serve the API from this process."""

import asyncio

import uvloop

from api.app import create_app
from api.server import serve
from zilliance import logs
from zilliance.settings import Settings


def main() -> None:
    settings = Settings.load()
    logs.configure("api")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(create_app(settings), settings))


if __name__ == "__main__":
    main()

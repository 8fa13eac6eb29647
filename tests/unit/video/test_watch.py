"""What goes on beside media work: a database that does not answer makes no healthy encoder look dead."""

import asyncio

from temporalio.testing import ActivityEnvironment

from activities.media.watch import watched


async def test_heartbeats_go_on_while_the_database_does_not_say_whether_the_work_is_wanted() -> None:
    asked, beaten = asyncio.Event(), asyncio.Event()

    async def is_open() -> bool:
        asked.set()
        return await asyncio.Future[bool]()

    def heard(*_details: object) -> None:
        if asked.is_set():
            beaten.set()

    async def work() -> None:
        async with watched(is_open), asyncio.timeout(30):
            await beaten.wait()

    environment = ActivityEnvironment()
    environment.on_heartbeat = heard
    await environment.run(work)

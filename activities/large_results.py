"""Large results go to the S3 store under heartbeats, so that an outage of it makes no activity run again."""

import asyncio
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.converter import PayloadConverter
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.heartbeat import heartbeating
from zilliance.errors import UnavailableError
from zilliance.payloads import REFERENCE_BYTES, ObjectStoreDriver

PAUSE_SECONDS = 2.0


def large_results(client: Client) -> "LargeResults":
    """The interceptor of a worker on this client, whose converter stores what does not fit."""
    converter = client.data_converter
    storage = converter.external_storage
    drivers = storage.drivers if storage is not None else ()
    driver = next((each for each in drivers if isinstance(each, ObjectStoreDriver)), None)
    return LargeResults(driver, converter.payload_converter)


class LargeResults(Interceptor):
    """For regular activities: a local one, whose effect may be repeated, is tried again until the store is back."""

    def __init__(self, driver: ObjectStoreDriver | None, converter: PayloadConverter) -> None:
        self._driver = driver
        self._converter = converter

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  the SDK's
        return next if self._driver is None else _Keeping(next, self._driver, self._converter)


class _Keeping(ActivityInboundInterceptor):
    def __init__(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002  the SDK's
        driver: ObjectStoreDriver,
        converter: PayloadConverter,
    ) -> None:
        super().__init__(next)
        self._driver = driver
        self._converter = converter

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  the SDK's
        result = await super().execute_activity(input)
        info = activity.info()
        if info.workflow_id is not None and not info.is_local and isinstance(result, (str, bytes)):
            await self._keep(info.workflow_id, result)
        return result

    async def _keep(self, workflow_id: str, result: str | bytes) -> None:
        """Store it now, while heartbeats can be sent: the SDK then finds it stored."""
        if len(result) * 4 < REFERENCE_BYTES:
            return
        [payload] = self._converter.to_payloads([result])
        if payload.ByteSize() < REFERENCE_BYTES:
            return
        async with heartbeating():
            while True:
                try:
                    await self._driver.keep(workflow_id, payload)
                except UnavailableError:
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    return

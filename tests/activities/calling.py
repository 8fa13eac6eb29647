"""Calls made by the activities themselves over real sockets, to a host that a stand-in plays."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.calls.caller import Caller
from activities.calls.http import HttpCallActivities
from activities.secrets import SecretReader
from tests.unit.http_stand_in import StandIn
from workflows.contracts.calls import CallInput, LateParts
from zilliance.database import Database
from zilliance.outbound import OutboundClient
from zilliance.sealing import Sealer
from zilliance.settings import DatabaseSettings, Login

HOST = "http://api.example.com"
OTHER = "http://other.example.com"
JSON = "Content-Type: application/json"


def caller_of(client: OutboundClient) -> Caller:
    """What makes calls that need no secrets: the database behind it is never dialled."""
    database = Database.of(DatabaseSettings(), Login.WORKER, application_name="never dialled")
    return Caller(client, SecretReader(database, Sealer(["a key"])))


class Calling:
    """One worker's activities, which keep what they fetched from one call to the next."""

    def __init__(self, client: OutboundClient) -> None:
        self.activities = HttpCallActivities(caller_of(client))
        self.owner = uuid4()

    async def call(
        self,
        kind: str,
        arguments: dict[str, Any],
        *,
        late: LateParts | None = None,
        policy: tuple[str, ...] = (),
        seconds: float = 5.0,
        owner: UUID | None = None,
    ) -> Any:
        sent = CallInput(
            execution_id=uuid4(),
            owner_id=owner or self.owner,
            key="/do/0/a#",
            arguments=json.dumps(arguments),
            late=late,
            policy=list(policy),
            timeout=seconds,
        )
        return json.loads(await ActivityEnvironment().run(getattr(self.activities, kind), sent))

    async def fault(self, kind: str, arguments: dict[str, Any], **rest: Any) -> dict[str, Any]:
        with pytest.raises(ApplicationError) as caught:
            await self.call(kind, arguments, **rest)
        assert caught.value.non_retryable
        return caught.value.details[0]


def guarded(host: StandIn, **others: str) -> OutboundClient:
    """A client for which the stand-in is `HOST`, and others are the origins that they are named for."""
    stand_ins = {f"http://{name.replace('_', '.')}": url for name, url in others.items()}
    return OutboundClient(allow_http=True, egress_map={HOST: host.url, **stand_ins})

"""How many exchanges are under way at a time: nobody's take the room of all others."""

from contextlib import ExitStack
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from api.gateway.admission import Admission
from api.gateway.upstreams import MOST_KEPT, Upstreams
from zilliance.errors import UnavailableError
from zilliance.gateway_settings import GatewaySettings
from zilliance.outbound_pools import OutboundPools
from zilliance.sealing import Sealer


def admitted(owner: UUID) -> Admission:
    return Admission(
        outcome="admitted",
        refusal=None,
        user_id=owner,
        key_id=uuid4(),
        endpoint_id=uuid4(),
        target_url="https://shop.example.com/orders",
        segments=("orders",),
        timeout_ms=1000,
        sealed_headers="{}",
        cache_seconds=0,
        endpoint_version=datetime.now(UTC),
        limits=(),
        retry_after=None,
    )


def filled(upstreams: Upstreams, owner: UUID, under_way: ExitStack) -> int:
    """How many exchanges the owner gets, at as many endpoints as he likes."""
    for number in range(1000):
        admission = admitted(owner)
        assert admission.endpoint_id is not None
        try:
            under_way.enter_context(upstreams.taken(admission, owner, admission.endpoint_id))
        except UnavailableError:
            return number
    raise AssertionError


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(most_open=40, most_open_by_owner=10, most_open_by_endpoint=5)


async def test_who_calls_many_endpoints_drives_out_none_that_others_call(settings: GatewaySettings) -> None:
    async with OutboundPools(allow_http=False) as pools:
        upstreams = Upstreams(pools, Sealer(["a key"]), settings)
        rival, mine = uuid4(), admitted(uuid4())
        assert mine.user_id is not None
        assert mine.endpoint_id is not None
        with upstreams.taken(mine, mine.user_id, mine.endpoint_id) as before:
            pass
        for _ in range(MOST_KEPT + 1):
            many = admitted(rival)
            assert many.endpoint_id is not None
            with upstreams.taken(many, rival, many.endpoint_id):
                pass
        with upstreams.taken(mine, mine.user_id, mine.endpoint_id) as after:
            assert after is before
        await upstreams.close()


async def test_owners_whose_targets_never_end_leave_room_for_others(settings: GatewaySettings) -> None:
    async with OutboundPools(allow_http=False) as pools:
        upstreams = Upstreams(pools, Sealer(["a key"]), settings)
        with ExitStack() as under_way:
            taken = [filled(upstreams, uuid4(), under_way) for _ in range(4)]
            assert taken[0] == 10
            assert sum(taken) < 40
            assert filled(upstreams, uuid4(), under_way) > 0
        with ExitStack() as under_way:  # all of it is there again
            assert filled(upstreams, uuid4(), under_way) == 10
        await upstreams.close()

"""Headers of endpoints at rest: for their owner and their name alone."""

import uuid

import orjson
import pytest

from api.gateway.sealed_headers import open_headers, seal_header
from zilliance.errors import UnavailableError
from zilliance.sealing import Sealer

OWNER = uuid.uuid4()


def test_what_an_endpoint_keeps_of_its_headers_is_opened_for_its_owner() -> None:
    sealer = Sealer(["a key"])
    kept = {"Authorization": seal_header(sealer, OWNER, "Authorization", "Bearer söt")}
    assert "Bearer" not in str(kept)
    assert open_headers(sealer, str(OWNER), orjson.dumps(kept).decode()) == {"Authorization": "Bearer söt"}
    assert open_headers(sealer, OWNER, "{}") == {}


def test_a_header_of_another_owner_or_under_another_name_is_not_opened() -> None:
    sealer = Sealer(["a key"])
    sealed = seal_header(sealer, OWNER, "Authorization", "Bearer 1")
    for owner, kept in (
        (uuid.uuid4(), {"Authorization": sealed}),
        (OWNER, {"X-Shown": sealed}),
        (OWNER, {"Authorization": "no seal"}),
        *((OWNER, {"Authorization": value}) for value in (5, None, ["a"], {"sealed": "a"}, "a.é", "é.")),
        (OWNER, {"Authorization": sealed.partition(".")[0] + ".="}),
    ):
        with pytest.raises(UnavailableError, match="write it again") as refusal:
            open_headers(sealer, owner, orjson.dumps(kept))
        assert refusal.value.code == "HEADERS_UNREADABLE"
        # Which one it is stands in the details, which callers do not get.
        (name,) = kept
        assert (name in refusal.value.message, refusal.value.details) == (False, {"header": name})

"""Where endpoints may lead, as it is judged when they are written."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from api.gateway.targets import check_hosts, read_target
from zilliance.errors import InvalidInputError
from zilliance.outbound import OutboundClient
from zilliance.outbound_addresses import Lookup, Lookups


async def write(target: str, *, lookup: Lookup | None = None, **more: object) -> None:
    """What the data API does with a target."""
    wanted = {"allow_http": False, "own_hosts": ["zilliance.example.com"], **more}
    async with OutboundClient(lookup=lookup or public, **wanted) as client:  # pyright: ignore[reportArgumentType]
        await check_hosts([read_target(target)], client)


async def public(host: str, port: int) -> Sequence[str]:
    del host, port
    return ["93.184.215.14"]


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com",
        "https://example.com/orders/{id}?unit={unit}",
        "https://example.com:8443/a/%7Bb%7D",
        "https://[2606:2800:21f::1]/x",
    ],
)
async def test_public_hosts_may_be_targets(target: str) -> None:
    await write(target)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("https://127.0.0.1/x", "not a public address"),
        ("https://2130706433/", "not a public address"),
        ("https://0x7f.1/", "not a public address"),
        ("https://[::1]/", "not a public address"),
        ("https://[::ffff:10.0.0.1]/", "not a public address"),
        ("https://169.254.169.254/latest/meta-data", "not a public address"),
        ("https://10.0.0.1/", "not a public address"),
        ("https://example.com:5432/", "port 5432"),
        ("https://example.com:7233/", "port 7233"),
        ("http://example.com/", "use https"),
        ("https://zilliance.example.com/gateway/v1/x", "this platform itself"),
        ("https://user:secret@example.com/", "user name or password"),
        ("https://example.com\\@evil.example/", "backslash"),
        ("https://example.com/\r\nX-A: b", "control character"),
        ("https://{host}.example.com/", "not in the host"),
        ("https://example.com:{port}/", "not in the host|not a URL|not an absolute URL"),
        ("https://example.com/{a b}", "stands for no parameter"),
        ("https://example.com/a}", "stands for no parameter"),
        ("https://example.com/#part", "fragment"),
        ("ftp://example.com/", "not allowed"),
        ("example.com/orders", "not an absolute URL"),
        ("", "not an absolute URL"),
    ],
)
async def test_other_places_are_refused_with_the_reason(target: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as refusal:
        await write(target)
    assert (refusal.value.status, refusal.value.code) == (400, "TARGET_REFUSED")


@pytest.mark.parametrize("addresses", [["10.1.2.3"], ["93.184.215.14", "127.0.0.1"], ["fd00::1"]])
async def test_a_name_that_leads_inside_is_refused_even_if_it_leads_elsewhere_as_well(addresses: list[str]) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        del host, port
        return addresses

    with pytest.raises(InvalidInputError, match="leads to an address that is not public") as refusal:
        await write("https://inside.example/", lookup=lookup)
    assert not any(address in refusal.value.message for address in addresses)


async def test_a_name_that_is_not_known_yet_may_be_written() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        raise OSError(host, port)

    await write("https://tomorrow.example/", lookup=lookup)


async def test_whoever_writes_does_not_wait_for_a_name_server_that_is_silent() -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        del host, port
        await asyncio.Event().wait()
        return []

    async with asyncio.timeout(30):
        await write("https://slow.example/", lookup=lookup)


@pytest.mark.parametrize("inside", ["https://127.0.0.1/", "https://10.0.0.1/", "https://example.com:5432/"])
async def test_a_silent_name_server_hides_no_address_that_is_written_behind_its_name(inside: str) -> None:
    async def lookup(host: str, port: int) -> Sequence[str]:
        del host, port
        await asyncio.Event().wait()
        return []

    async with OutboundClient(lookup=lookup, allow_http=False) as client:
        with pytest.raises(InvalidInputError) as refusal:
            await check_hosts([read_target("https://slow.example/"), read_target(inside)], client)
    assert refusal.value.code == "TARGET_REFUSED"


async def test_a_name_that_was_given_up_on_is_not_waited_for_again() -> None:
    asked: list[str] = []
    release = threading.Event()

    def silent(host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        asked.append(host)
        release.wait(30)
        return []

    lookups = Lookups(2, silent)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):  # enough for its thread to begin
            await lookups("slow.example", 443)
    with pytest.raises(OSError, match="not looked up in time"):
        await lookups("slow.example", 443)
    await write("https://slow.example/", lookup=lookups)
    assert asked == ["slow.example"]
    release.set()
    lookups.close()


async def test_a_stand_in_of_the_egress_map_may_be_a_target() -> None:
    await write("https://shop.example.com/x", egress_map={"https://shop.example.com": "http://127.0.0.1:9"})

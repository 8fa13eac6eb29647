"""Outbound calls that are refused, tried against a listener on loopback that must never hear of them."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

import pytest

from tests.unit.http_stand_in import StandIn, message
from zilliance import outbound_addresses
from zilliance.outbound import OutboundClient, OutboundFailedError, OutboundRefusedError, OutboundRequest

# Addresses by name, as a hostile name server would give them.
NAMES: dict[str, list[str]] = {
    "loopback.example": ["127.0.0.1"],
    "loopback6.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "6to4.example": ["2002:7f00:1::"],
    "metadata.example": ["169.254.169.254"],
    "mixed.example": ["192.175.48.1", "127.0.0.1"],
    "mixed6.example": ["2620:4f:8000::1", "::1"],
    "scoped.example": ["fe80::1%lo"],
    "localhost": ["127.0.0.1"],
}

VECTORS = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://017700000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://0x7f.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://0:{port}/",
    "http://0.0.0.0:{port}/",
    "http://①②⑦.0.0.1:{port}/",
    "http://127。0。0。1:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::]:{port}/",
    "http://[0:0:0:0:0:0:0:1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::ffff:7f00:1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://[fe80::1%25lo]:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://public@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@public.example/",
    "http://public.example:80@127.0.0.1:{port}/",
    "http://public.example\\@127.0.0.1:{port}/",
    "http:\\\\127.0.0.1:{port}\\",
    "http://127.0.0.1:{port}\r\nX-Injected: yes/",
    "http://127.0.0.1\t:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    *(f"http://{name}:{{port}}/" for name in NAMES if name != "localhost"),
]


async def lookup(host: str, port: int) -> Sequence[str]:
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")
    return NAMES[host]


@pytest.fixture
async def honeypot() -> AsyncIterator[StandIn]:
    """Listens on a port that calls may name, so that nothing but the address can be what stops them."""
    for port in (8443, 8080):
        with socket.socket() as probe:
            taken = probe.connect_ex(("127.0.0.1", port)) == 0
        if not taken:
            async with StandIn.listening(port=port) as server:
                yield server
            return
    pytest.fail("ports 8080 and 8443 of 127.0.0.1 are both taken: free one to run this test")


@pytest.fixture
async def client() -> AsyncIterator[OutboundClient]:
    async with OutboundClient(allow_http=True, own_hosts=["API.mine.example"], lookup=lookup) as client:
        yield client


@pytest.mark.parametrize("vector", VECTORS)
async def test_no_spelling_of_an_inside_address_reaches_it(
    honeypot: StandIn, client: OutboundClient, vector: str
) -> None:
    port = honeypot.url.rpartition(":")[2]
    with pytest.raises(OutboundRefusedError):
        await client.request(get(vector.replace("{port}", port)))
    assert honeypot.connections == 0


async def test_the_listener_would_have_heard(honeypot: StandIn) -> None:
    stand_ins = {"http://service.example": honeypot.url}
    async with OutboundClient(allow_http=True, egress_map=stand_ins) as client:
        assert (await client.request(get("http://service.example/"))).status == 200
    assert honeypot.connections == 1


async def test_a_name_that_changes_to_an_inside_address_is_refused_then(honeypot: StandIn) -> None:
    answers = iter([["192.175.48.1"], ["127.0.0.1"]])  # the first is a public black hole (RFC 7534)

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    url = f"http://rebinding.example:{honeypot.url.rpartition(':')[2]}/"
    async with OutboundClient(allow_http=True, lookup=rebinding) as client:
        with suppress(OutboundFailedError):
            await client.request(get(url, timeout=0.2))
        with pytest.raises(OutboundRefusedError, match=r"rebinding\.example leads to an address that is not public"):
            await client.request(get(url))
    assert honeypot.connections == 0


@pytest.mark.parametrize(
    "destination", [("127.0.0.1", 80), ("10.0.0.1", 443), ("::1", 80, 0, 0), ("::ffff:127.0.0.1", 80, 0, 0)]
)
def test_the_last_check_sees_the_address_that_is_dialled(destination: tuple[str | int, ...]) -> None:
    family = socket.AF_INET6 if ":" in str(destination[0]) else socket.AF_INET
    with pytest.raises(OSError, match=r"^$"):
        outbound_addresses.guarded_socket((family, socket.SOCK_STREAM, 0, "", destination))


def test_an_address_of_this_machine_is_known_as_its_own() -> None:
    assert outbound_addresses._is_own("127.0.0.1")
    assert not outbound_addresses._is_own("192.175.48.1")


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://loopback.example:{port}/",
        "file:///etc/passwd",
        "http:\\\\127.0.0.1:{port}\\",
        "http://[::1",
        "http://a:b@127.0.0.1:{port}/",
    ],
)
async def test_a_redirect_to_an_inside_address_is_refused(honeypot: StandIn, location: str) -> None:
    async with StandIn.listening() as server:
        header = "Location: " + location.replace("{port}", honeypot.url.rpartition(":")[2])
        server.answers["/"] = message(b"", "302 Found", header)
        stand_ins = {"http://service.example": server.url}
        async with OutboundClient(allow_http=True, egress_map=stand_ins, lookup=lookup) as client:
            with pytest.raises(OutboundRefusedError):
                await client.request(get("http://service.example/", redirects=3))
    assert (len(server.requests), honeypot.connections) == (1, 0)


async def test_a_redirect_from_https_to_http_is_refused() -> None:
    async with StandIn.listening() as server:
        server.answers["/"] = message(b"", "302 Found", "Location: http://service.example/")
        stand_ins = {"https://service.example": server.url, "http://service.example": server.url}
        async with OutboundClient(allow_http=True, egress_map=stand_ins) as client:
            with pytest.raises(OutboundRefusedError, match="from https to plain http"):
                await client.request(get("https://service.example/", redirects=1))


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://public.example/", "use https"),
        ("https://xn--/", "not a URL"),
        ("https://a.xn--a.example/", "not a URL"),
        ("https://public.example:22/", "port 22"),
        ("https://public.example:0/", "port 0"),
        ("https://public.example:99999/", "not a URL"),
        ("https://api.mine.example/", "platform itself"),
        ("https://API.MINE.example./x", "platform itself"),
        ("ftp://public.example/", "ftp: is not allowed"),
        ("https://under score.example/", "not the name of a host"),
        ("https://a..example/", "not the name of a host"),
        ("https://public.example/\ud800", "control character"),
        ("https:///path", "not an absolute URL"),
        ("public.example", "not an absolute URL"),
        ("", "not an absolute URL"),
    ],
)
async def test_a_url_outside_the_rules_is_refused_with_the_reason(url: str, says: str) -> None:
    async with OutboundClient(allow_http=False, own_hosts=["API.mine.example"], lookup=lookup) as client:
        with pytest.raises(OutboundRefusedError, match=says):
            await client.request(get(url))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("X-A", "a\r\nX-Injected: yes", "line break"),
        ("X-A", "a\nb", "line break"),
        ("X-A", "a\0b", "control character"),
        ("X-A", "a\ud800b", "control character"),
        ("X-A\r\nX-B", "a", "not the name of a header"),
        ("X A", "a", "not the name of a header"),
        ("", "a", "not the name of a header"),
        ("Host", "inside", "set by the platform"),
        ("content-length", "5", "set by the platform"),
        ("Transfer-Encoding", "chunked", "set by the platform"),
        ("Connection", "close", "set by the platform"),
        ("Upgrade", "h2c", "set by the platform"),
        ("X-Zilliance-Hop", "0", "set by the platform"),
    ],
)
async def test_a_header_outside_the_rules_is_refused(client: OutboundClient, name: str, value: str, says: str) -> None:
    with pytest.raises(OutboundRefusedError, match=says):
        await client.request(get("https://loopback.example/", headers={name: value}))


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET / HTTP/1.1\r\nX: y", ""])
async def test_a_method_outside_the_rules_is_refused(client: OutboundClient, method: str) -> None:
    with pytest.raises(OutboundRefusedError, match="method"):
        await client.request(get("https://loopback.example/", method=method))


async def test_a_refusal_does_not_tell_the_address_behind_a_name(client: OutboundClient) -> None:
    with pytest.raises(OutboundRefusedError) as refused:
        await client.request(get("https://metadata.example/"))
    assert "169.254" not in refused.value.message
    assert (refused.value.status, refused.value.code) == (400, "OUTBOUND_REFUSED")


def get(
    url: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    timeout: float = 5.0,
    redirects: int = 0,
) -> OutboundRequest:
    return OutboundRequest(
        method=method,
        url=url,
        headers=headers or {},
        body=None,
        timeout=timeout,
        max_bytes=10_000,
        redirects=redirects,
    )

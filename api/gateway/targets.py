"""Where an endpoint may lead: checked when it is written, and once more at each connection that is made there."""

import asyncio
from collections.abc import Iterable

from yarl import URL

from api.gateway.patterns import PARAMETER
from zilliance.errors import InvalidInputError
from zilliance.outbound import OutboundClient, OutboundFailedError, OutboundRefusedError
from zilliance.outbound_rules import HTTP_PORTS, origin_of, parse_url

LOOKUP_SECONDS = 2.0  # whoever writes waits no longer for slow name servers: the address is checked at each call, too


def read_target(target: object) -> URL:
    """A target with something in place of its parameters. Raises InvalidInputError for what is no URL to call."""
    if not isinstance(target, str):
        raise refused("must be text such as https://example.com/orders/{id}")
    try:
        url = parse_url(PARAMETER.sub("0", target))
    except OutboundRefusedError as error:
        raise refused(error.reason) from error
    authority = target.partition("://")[2].partition("/")[0].partition("?")[0]
    if PARAMETER.search(authority):
        raise refused("a parameter may stand in its path and its query, not in the host")
    if "{" in PARAMETER.sub("", target) or "}" in PARAMETER.sub("", target):
        raise refused("a brace stands for no parameter: write {id}, or %7B for the brace itself")
    if "#" in target:
        raise refused("a fragment (#) is never sent: leave it out")
    return url


async def check_hosts(urls: Iterable[URL], client: OutboundClient) -> None:
    """Look up each host once. Raises InvalidInputError for one that leads to an address that is not public.

    A name that cannot be looked up now is no fault: it may be one that is yet to be.
    """
    hosts = {origin_of(url): url for url in urls}.values()
    for url in hosts:  # all of them, before a name that is slow to look up takes the time of others
        _check_policy(url, client)
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            for url in hosts:
                await _check_host(url, client)
    except TimeoutError:
        return


def _check_policy(url: URL, client: OutboundClient) -> None:
    try:
        client.check(url, ports=HTTP_PORTS)
    except OutboundRefusedError as error:
        raise refused(error.reason) from error


async def _check_host(url: URL, client: OutboundClient) -> None:
    try:
        await client.dial(url, ports=HTTP_PORTS)
    except OutboundRefusedError as error:
        raise refused(error.reason) from error
    except OutboundFailedError:
        return


def refused(reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"target_url: {reason}", code="TARGET_REFUSED", hint="Targets are public hosts on ports 80, 443, 8080 and 8443"
    )

"""Which network addresses are public: the table that outbound calls are held to, pure so that it is proved alone."""

from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network

# Everything of the IANA special-purpose registries that is not a public host, and two that `ipaddress` calls global:
# the 6to4 relays (192.88.99.0/24) and the address under which Azure serves its machines their metadata.
_CLOSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

# Only global unicast is open, less what embeds or translates to an IPv4 address (Teredo, 6to4), is for benchmarks or
# is for documentation. NAT64, site-local, unique-local, link-local and multicast all lie outside 2000::/3.
_OPEN_V6 = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_public(address: str) -> bool:
    """Whether a literal address may be called from here.

    Only the canonical spelling of an address counts: `127.1` or an address with a scope (`fe80::1%eth0`) is not one.
    """
    if ":" not in address:
        return _is_public_v4(address)
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return False
    if parsed.scope_id is not None:
        return False
    if parsed.ipv4_mapped is not None:
        return _is_public_v4(str(parsed.ipv4_mapped))
    return parsed in _OPEN_V6 and not any(parsed in block for block in _CLOSED_V6)


def _is_public_v4(address: str) -> bool:
    try:
        parsed = IPv4Address(address)
    except AddressValueError:
        return False
    return not any(parsed in block for block in _CLOSED_V4)

"""External resources: fetched under the guard, or given in a `data:` URI."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from activities.calls.caller import BoundCall
from activities.faults import fault
from activities.protocols.values import object_of
from workflows.language.problems import Kind


async def fetch(call: BoundCall, resource: object, what: str) -> bytes:
    """The bytes of an external resource, `{endpoint: {uri, authentication}}`. Raises faults."""
    uri = object_of(object_of(resource, what).get("endpoint"), f"{what}.endpoint").get("uri")
    if isinstance(uri, str) and uri[:5].lower() == "data:":
        return _inline(uri, what)
    return (await call.fetch(resource)).content


def _inline(uri: str, what: str) -> bytes:
    """What a `data:` URI holds (RFC 2397)."""
    header, comma, data = uri[5:].partition(",")
    if not comma:
        raise fault(Kind.CONFIGURATION, f"the {what} is a data: URI without a comma")
    content = unquote_to_bytes(data)
    if not header.lower().endswith(";base64"):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise fault(Kind.CONFIGURATION, f"the {what} is a data: URI that is no base64") from error

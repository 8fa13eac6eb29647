"""Where the limits of a request stand, in the headers that clients know."""

from math import ceil

from api.gateway.admission import Admission

Headers = list[tuple[bytes, bytes]]


def limit_headers(admission: Admission) -> Headers:
    """Headers of every answer, also of a refusal: none where the request came to no limit.

    `RateLimit-Policy` and `RateLimit` are those of draft-ietf-httpapi-ratelimit-headers; `X-RateLimit-*` tell the
    scarcest of the limits to older clients, with seconds from now as the reset. `Retry-After` wins over all of them.
    """
    if not admission.limits:
        return []
    scarcest = min(admission.limits, key=lambda each: (each.remaining, -each.reset))
    policies = ", ".join(f'"{each.name}";q={each.quota};w={each.window}' for each in admission.limits)
    standing = ", ".join(f'"{each.name}";r={each.remaining};t={ceil(each.reset)}' for each in admission.limits)
    headers = [
        (b"ratelimit-policy", policies.encode()),
        (b"ratelimit", standing.encode()),
        (b"x-ratelimit-limit", b"%d" % scarcest.quota),
        (b"x-ratelimit-remaining", b"%d" % scarcest.remaining),
        (b"x-ratelimit-reset", b"%d" % ceil(scarcest.reset)),
    ]
    if admission.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(ceil(admission.retry_after), 1)))
    return headers

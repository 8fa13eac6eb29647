"""Digest authentication (RFC 7616): the answer to a server's challenge, with MD5, SHA-256 and their session forms."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from activities.authentication.authorization import Authorization, wrong

_PARAMETER = r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))'
_PARAMETERS = re.compile(_PARAMETER)
# One challenge: its scheme, then parameters with commas between.
_CHALLENGES = re.compile(rf"(?:^|,)\s*([A-Za-z][A-Za-z0-9_-]*)\s+((?:{_PARAMETER}\s*,?\s*)+)")
LONGEST_CHALLENGE = 4096

# The best first.
_ALGORITHMS = {"SHA-256": hashlib.sha256, "SHA-256-SESS": hashlib.sha256, "MD5": hashlib.md5, "MD5-SESS": hashlib.md5}


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks for: `algorithm` in upper case, `qop` true when it wants `auth`."""

    realm: str
    nonce: str
    algorithm: str
    qop: bool
    opaque: str | None


def challenge_of(header: str) -> Challenge | None:
    """The best digest challenge in a `WWW-Authenticate` header that can be answered; None when there is none."""
    found: list[Challenge] = []
    for match in _CHALLENGES.finditer(header[:LONGEST_CHALLENGE]):
        if match[1].lower() == "digest":
            challenge = _read(match[2])
            if challenge is not None:
                found.append(challenge)
    best = list(_ALGORITHMS)
    return min(found, key=lambda challenge: best.index(challenge.algorithm), default=None)


def answer(
    challenge: Challenge, members: Mapping[str, str], method: str, uri: str, *, cnonce: str | None = None
) -> Authorization:
    """The authorization for one request.

    Args:
        challenge: the server's.
        members: username and password.
        method: of the request.
        uri: the request's target, path and query as they are sent.
        cnonce: the client's own nonce; a random one by default.
    """
    cnonce = cnonce or secrets.token_hex(16)
    first = f"{members['username']}:{challenge.realm}:{members['password']}"
    digest = _digest(challenge, first)
    if challenge.algorithm.endswith("-SESS"):
        digest = _digest(challenge, f"{digest}:{challenge.nonce}:{cnonce}")
    second = _digest(challenge, f"{method}:{uri}")
    between = f"{challenge.nonce}:00000001:{cnonce}:auth" if challenge.qop else challenge.nonce
    fields = {
        "username": _quoted(members["username"]),
        "realm": _quoted(challenge.realm),
        "nonce": _quoted(challenge.nonce),
        "uri": _quoted(uri),
        "algorithm": challenge.algorithm.replace("SESS", "sess"),
        "response": _quoted(_digest(challenge, f"{digest}:{between}:{second}")),
    }
    if challenge.qop:
        fields |= {"qop": "auth", "nc": "00000001", "cnonce": _quoted(cnonce)}
    if challenge.opaque is not None:
        fields["opaque"] = _quoted(challenge.opaque)
    return Authorization("Digest", ", ".join(f"{name}={value}" for name, value in fields.items()))


def _read(text: str) -> Challenge | None:
    parameters = {
        match[1].lower(): match[3] or re.sub(r"\\(.)", r"\1", match[2] or "") for match in _PARAMETERS.finditer(text)
    }
    algorithm = parameters.get("algorithm", "MD5").upper()
    qops = [each.strip().lower() for each in parameters.get("qop", "").split(",") if each.strip()]
    if algorithm not in _ALGORITHMS or "nonce" not in parameters or (qops and "auth" not in qops):
        return None
    return Challenge(parameters.get("realm", ""), parameters["nonce"], algorithm, bool(qops), parameters.get("opaque"))


def _digest(challenge: Challenge, text: str) -> str:
    return _ALGORITHMS[challenge.algorithm](text.encode()).hexdigest()


def _quoted(text: str) -> str:
    if any(ord(character) < ord(" ") for character in text):
        raise wrong("digest authentication takes no control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

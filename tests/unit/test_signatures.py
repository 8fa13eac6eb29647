"""Signatures of webhook calls hold for five minutes, in both directions of a clock that is wrong."""

import base64
import hashlib
import hmac

import pytest

from api.webhooks.signatures import TOLERANCE_SECONDS, is_signed, new_secret

NOW = 1_800_000_000.5


def is_taken(scheme: str, sent: int) -> bool:
    secret = new_secret(scheme)
    if scheme == "stripe":
        digest = hmac.new(secret.encode(), f"{sent}.{{}}".encode(), hashlib.sha256).hexdigest()
        headers = {"stripe-signature": f"t={sent},v1={digest}"}
    else:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = base64.b64encode(hmac.new(key, f"m.{sent}.{{}}".encode(), hashlib.sha256).digest()).decode()
        headers = {"webhook-id": "m", "webhook-timestamp": str(sent), "webhook-signature": f"v1,{digest}"}
    return is_signed(scheme, [secret], headers, b"{}", NOW)


@pytest.mark.parametrize("scheme", ["standard-webhooks", "stripe"])
def test_a_signature_is_taken_for_five_minutes_and_no_second_longer(scheme: str) -> None:
    first, last = int(NOW - TOLERANCE_SECONDS) + 1, int(NOW + TOLERANCE_SECONDS)
    assert TOLERANCE_SECONDS == 300
    assert [is_taken(scheme, sent) for sent in (first - 1, first, last, last + 1)] == [False, True, True, False]

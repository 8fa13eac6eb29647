"""Presigned URLs are to the letter what boto3 signs, whatever is asked of them."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zilliance.s3 import Bucket
from zilliance.settings import StorageSettings
from zilliance.signed_objects import LONGEST_SECONDS, ObjectUrls

MOMENT = datetime(2026, 11, 28, 13, 37, 5, tzinfo=UTC)
ENDPOINTS = ["http://127.0.0.1:8333", "https://s3.example.com", "http://[::1]:9000"]


def settings_of(endpoint: str = ENDPOINTS[0], region: str = "us-east-1") -> StorageSettings:
    return StorageSettings.model_validate(
        {"endpoint": endpoint, "region": region, "access_key": "AKIA/x+", "secret_key": "secret/+=", "bucket": "a-b.c"}
    )


@lru_cache
def bucket_of(endpoint: str, region: str) -> Bucket:
    return Bucket.of(settings_of(endpoint, region))


def by_boto3(settings: StorageSettings, operation: str, seconds: int, parameters: dict[str, Any]) -> str:
    bucket = bucket_of(settings.endpoint, settings.region)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=MOMENT.replace(tzinfo=None)):
        url: str = bucket._client.generate_presigned_url(
            operation, Params={"Bucket": bucket.name, **parameters}, ExpiresIn=seconds
        )
    return url


def same(ours: str, theirs: str) -> bool:
    """They write parameters in another order, which is not signed."""
    mine, other = urlsplit(ours), urlsplit(theirs)
    return (mine[:3], sorted(parse_qsl(mine.query))) == (other[:3], sorted(parse_qsl(other.query)))


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_urls_are_those_of_boto3_wherever_the_store_is(endpoint: str, region: str) -> None:
    told = settings_of(endpoint, region)
    ours = ObjectUrls(told).sign("video/x/360p/00000.mp4", seconds=900, at=MOMENT)
    assert same(ours, by_boto3(told, "get_object", 900, {"Key": "video/x/360p/00000.mp4"}))


KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40).filter(
    lambda key: not key.startswith("/")
)


@settings(deadline=None)
@given(key=KEYS, seconds=st.integers(1, LONGEST_SECONDS))
def test_urls_are_those_of_boto3_whatever_the_key(key: str, seconds: int) -> None:
    ours = ObjectUrls(settings_of()).sign(key, seconds=seconds, at=MOMENT)
    assert same(ours, by_boto3(settings_of(), "get_object", seconds, {"Key": key}))


@settings(deadline=None)
@given(
    upload=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1), number=st.integers(1, 10_000)
)
def test_urls_of_parts_are_those_of_boto3(upload: str, number: int) -> None:
    ours = ObjectUrls(settings_of()).sign(
        "objects/ab/x", method="PUT", query={"partNumber": str(number), "uploadId": upload}, seconds=60, at=MOMENT
    )
    wanted = {"Key": "objects/ab/x", "UploadId": upload, "PartNumber": number}
    assert same(ours, by_boto3(settings_of(), "upload_part", 60, wanted))


def test_a_size_is_signed_as_boto3_signs_it() -> None:
    asked = {"partNumber": "3", "uploadId": "u"}
    ours = ObjectUrls(settings_of()).sign("x", method="PUT", query=asked, seconds=60, at=MOMENT, size=8_388_608)
    wanted = {"Key": "x", "UploadId": "u", "PartNumber": 3, "ContentLength": 8_388_608}
    assert same(ours, by_boto3(settings_of(), "upload_part", 60, wanted))


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_parameters_are_signed_as_boto3_signs_them(told: str) -> None:
    ours = ObjectUrls(settings_of()).sign("x", query={"response-content-disposition": told}, seconds=60, at=MOMENT)
    assert same(ours, by_boto3(settings_of(), "get_object", 60, {"Key": "x", "ResponseContentDisposition": told}))


def test_a_port_that_goes_without_saying_is_not_signed() -> None:
    """Clients leave it out of `Host`."""
    with_port, without = (ObjectUrls(settings_of(f"https://s3.example.com{port}")) for port in (":443", ""))
    assert with_port.sign("x", seconds=60, at=MOMENT) == without.sign("x", seconds=60, at=MOMENT)


def test_the_moment_is_one_whatever_its_zone() -> None:
    urls = ObjectUrls(settings_of())
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=14)))
    assert urls.sign("x", seconds=60, at=elsewhere) == urls.sign("x", seconds=60, at=MOMENT)

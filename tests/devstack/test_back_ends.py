"""The four back ends as the stack runs them: they work, are tuned as meant, and are closed to strangers."""

import json
import smtplib
import stat
import sys

import asyncpg
import pytest
from temporalio.client import Client

from tests.devstack.asking import LOOPBACK, environment, http, listeners, port, query, s3_client
from zilliance.devstack import Stack

START = json.dumps({"workflowType": {"name": "x"}, "taskQueue": {"name": "q"}}).encode()


async def test_postgres_is_version_18_with_logical_decoding(back_ends: Stack) -> None:
    assert str(await query(back_ends, "show server_version")).startswith("18.")
    assert await query(back_ends, "show wal_level") == "logical"
    assert await query(back_ends, "select current_database()") == "zilliance"
    assert await query(back_ends, "select uuidv7() is not null and lower('ÀÉ') = 'àé'")


async def test_postgres_wants_the_password_and_has_no_port(back_ends: Stack) -> None:
    database = back_ends.settings.database
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(host=database.host, user=database.admin, password="guess", database="zilliance")
    assert await query(back_ends, "show listen_addresses") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_nothing_listens_beyond_loopback(back_ends: Stack) -> None:
    for part in ("postgres", "temporal", "s3", "mail"):
        pid = back_ends.process(part).pid
        assert pid is not None
        assert {address for address, _ in listeners(pid)} <= {"0100007F"}, part


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_superusers_password_is_for_the_migration_alone(back_ends: Stack) -> None:
    password = back_ends.settings.database.admin_password.get_secret_value().encode()
    for part in ("temporal", "s3", "mail"):
        pid = back_ends.process(part).pid
        assert pid is not None
        assert password not in environment(pid), part


async def test_temporal_serves_with_our_search_attributes(back_ends: Stack) -> None:
    client = await Client.connect(back_ends.settings.temporal.address)
    query_text = "ZillianceOwner = 'a' and ZillianceKind = 'b' and ZillianceDefinition = 'c'"
    assert (await client.count_workflows(query_text)).count == 0


@pytest.mark.parametrize("host", ["localhost", "", "127.0.0.1", "evil.example"])
@pytest.mark.parametrize("prefix", ["/api/v1", ""])
async def test_temporal_http_api_starts_nothing(back_ends: Stack, host: str, prefix: str) -> None:
    path = f"{prefix}/namespaces/default/workflows/evil"
    status, _ = http("POST", port(back_ends, "temporal_http"), path, START, Host=host)
    assert status == 403
    client = await Client.connect(back_ends.settings.temporal.address)
    assert (await client.count_workflows("WorkflowId = 'evil'")).count == 0


async def test_s3_keeps_what_it_is_given(back_ends: Stack) -> None:
    client = s3_client(back_ends)
    client.create_bucket(Bucket="kept")
    client.put_object(Bucket="kept", Key="a/b.txt", Body=b"SECRET")
    assert client.get_object(Bucket="kept", Key="a/b.txt")["Body"].read() == b"SECRET"


async def test_s3_refuses_strangers_at_every_door(back_ends: Stack) -> None:
    client = s3_client(back_ends)
    client.create_bucket(Bucket="closed")
    client.put_object(Bucket="closed", Key="secret.txt", Body=b"SECRET")
    doors = [
        ("GET", "s3", "/closed/secret.txt"),
        ("GET", "s3_filer", "/buckets/closed/secret.txt"),
        ("GET", "s3_filer", "/"),
        ("POST", "s3_filer", "/buckets/closed/new.txt"),
        ("POST", "s3_master", "/dir/assign"),
        ("GET", "s3_master", "/dir/status"),
        ("GET", "s3_master", "/dir/lookup?volumeId=1"),
        ("POST", "s3_volume", "/1,01637037d6"),
        ("GET", "s3_volume", "/1,01637037d6"),
        ("DELETE", "s3_volume", "/1,01637037d6"),
        ("POST", "s3_volume", "/admin/assign_volume?volume=9"),
    ]
    for method, name, path in doors:
        status, body = http(method, port(back_ends, name), path, b"x" if method == "POST" else None)
        assert status in {400, 401, 403, 404, 405}, (method, name, path, status)
        assert "SECRET" not in body


async def test_s3_internal_calls_want_a_certificate(back_ends: Stack) -> None:
    for name in ("s3_master_grpc", "s3_volume_grpc", "s3_filer_grpc", "s3_grpc"):
        status, reason = http("GET", port(back_ends, name), "/")
        assert status in {0, 400}, (name, status)  # it speaks TLS only
        assert "200" not in reason


async def test_mail_is_caught_and_shown(back_ends: Stack) -> None:
    mail = back_ends.settings.mail
    with smtplib.SMTP(mail.host, mail.port, timeout=60) as server:
        server.sendmail("a@example.com", ["b@example.com"], "Subject: <b>Hello</b>\r\nTo: b@example.com\r\n\r\nWelcome")
    page = back_ends.settings.stack.mail_ui_port
    newest = json.loads(http("GET", page, "/messages")[1])[0]
    assert (newest["to"], newest["subject"]) == ("b@example.com", "<b>Hello</b>")
    assert "Welcome" in json.loads(http("GET", page, f"/messages/{newest['id']}")[1])["text"]
    assert "<b>Hello</b>" not in http("GET", page, "/")[1]


async def test_mail_page_is_not_for_other_names_or_files(back_ends: Stack) -> None:
    page = back_ends.settings.stack.mail_ui_port
    assert http("GET", page, "/messages", Host=f"evil.example:{page}")[0] == 403
    assert http("GET", page, "/messages/..%2fsecrets.json")[0] == 404
    assert http("GET", page, "/messages/../secrets.json")[0] == 404
    assert http("POST", page, "/messages", b"{}", Host=f"{LOOPBACK}:{page}")[0] == 405


async def test_secrets_are_for_their_owner_alone(back_ends: Stack) -> None:
    for file in (back_ends.home.secrets_file, back_ends.home.state_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(back_ends.home.s3.stat().st_mode) == 0o700

"""Suites over the official JavaScript client, the newest and the one that Node 20 gets, against the whole platform."""

import asyncio

import pytest

from tests.e2e.conftest import CLIENTS, NODE, RunScript
from zilliance.devstack.stack import Stack

SUITES = sorted(path.name for path in CLIENTS.glob("*.test.mjs"))
PACKAGES = ("@supabase/supabase-js", "supabase-js-of-node-20")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("suite", SUITES)
async def test_suite(suite: str, package: str, platform: Stack, javascript: RunScript) -> None:
    del javascript  # installs the packages
    facts = platform.describe()
    process = await asyncio.create_subprocess_exec(
        NODE / "bin" / "node",
        "--test",
        "--test-reporter=spec",
        suite,
        cwd=CLIENTS,
        env={
            "PATH": "/usr/bin:/bin",
            "URL": facts["api_url"],
            "ANON_KEY": facts["anon_key"],
            "SERVICE_KEY": facts["service_role_key"],
            "CLIENT": package,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()

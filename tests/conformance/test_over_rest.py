"""Every scenario over the REST API of the whole platform: one run of all, several at a time, then each is judged."""

import httpx
import pytest
from pytest_bdd import scenarios

from tests.conformance.cases import Case, Result, all_cases
from tests.conformance.execution import Execute, run_all
from zilliance.devstack import Stack

pytestmark = pytest.mark.timeout(900)  # whoever comes first waits for all of them


@pytest.fixture(scope="session")
async def results(platform: Stack) -> dict[Case, Result]:
    """What came of each."""
    facts = platform.describe()
    async with httpx.AsyncClient(
        base_url=facts["api_url"], headers={"apikey": facts["anon_key"]}, timeout=60
    ) as caller:
        account = {"email": "scenarios@example.com", "password": "a long enough password"}
        session = (await caller.post("/auth/v1/signup", json=account)).json()
        caller.headers["Authorization"] = f"Bearer {session['access_token']}"
        return await run_all(all_cases(), caller)


@pytest.fixture
def execute(results: dict[Case, Result]) -> Execute:
    return results.__getitem__


scenarios(".")

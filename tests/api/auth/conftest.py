"""The account service under the rules that its tests need."""

from collections.abc import AsyncGenerator

import pytest

from tests.api.auth.people import Accounts, accounts_of, with_auth
from zilliance.settings import Settings


@pytest.fixture(scope="session")
async def accounts(settings: Settings) -> AsyncGenerator[Accounts]:
    """Addresses need no confirmation; anonymous accounts are allowed."""
    async with accounts_of(with_auth(settings, confirm_email=False, anonymous_sign_in=True)) as service:
        yield service


@pytest.fixture(scope="session")
async def strict_accounts(settings: Settings) -> AsyncGenerator[Accounts]:
    """As in production: addresses are confirmed by mail, nobody is anonymous."""
    async with accounts_of(with_auth(settings, confirm_email=True, anonymous_sign_in=False)) as service:
        yield service

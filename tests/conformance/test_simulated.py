"""Every scenario against simulated effects, in milliseconds."""

import pytest
from pytest_bdd import scenarios

from tests.conformance.execution import Execute, simulate


@pytest.fixture
def execute() -> Execute:
    return simulate


scenarios(".")

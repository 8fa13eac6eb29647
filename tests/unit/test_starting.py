"""A start of an execution never needs the S3 store: what would go there is left out and loaded by the workflow."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from workflows.contracts.execution import ExecuteWorkflowInput
from workflows.starting import fit
from zilliance.payloads import REFERENCE_BYTES, PayloadConverter


def execution(document: str, data: str) -> ExecuteWorkflowInput:
    return ExecuteWorkflowInput(
        execution_id=uuid4(),
        owner_id=uuid4(),
        definition_id=uuid4(),
        version=1,
        name="n" * 200,
        document=document,
        trigger_data=data,
        started_at=datetime.now(UTC),
    )


@pytest.mark.parametrize("data", ["x", '"', "\\", "é", "\u6f22"])
@pytest.mark.parametrize("times", [1, 9_000, 14_000, 20_000, 30_000, 60_000])
def test_whatever_travels_with_a_start_stays_below_what_goes_to_the_store(data: str, times: int) -> None:
    fitting = fit(execution(data * times, data * times))
    [payload] = PayloadConverter().to_payloads([fitting])
    assert payload.ByteSize() < REFERENCE_BYTES
    assert (fitting.document is None) == (fitting.trigger_data is None)


def test_what_is_small_travels() -> None:
    assert fit(execution("x" * 10_000, "y" * 10_000)).document is not None

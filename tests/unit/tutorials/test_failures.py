"""What a run is told when an activity fails: a model is blamed for nothing but its own silence."""

import pytest
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as TemporalTimeoutError

from activities.llm.failures import ChatError
from workflows.contracts.ai import Code
from workflows.tutorials.failures import TutorialFailedError, failure_of
from zilliance.errors import UnavailableError


def after_travel(error: BaseException) -> BaseException:
    """As a workflow sees what an activity raised."""
    failure = Failure()
    DataConverter.default.failure_converter.to_failure(error, DataConverter.default.payload_converter, failure)
    return DataConverter.default.failure_converter.from_failure(failure, DataConverter.default.payload_converter)


def failed(cause: BaseException) -> FailureError:
    error = ActivityError(
        "Activity task failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="worker",
        activity_type="ai.chat",
        activity_id="1",
        retry_state=RetryState.TIMEOUT,
    )
    error.__cause__ = cause
    return error


def timed_out(kind: TimeoutType, last: BaseException | None = None) -> FailureError:
    error = TemporalTimeoutError("activity timeout", type=kind, last_heartbeat_details=[])
    error.__cause__ = last
    return failed(error)


def told(error: FailureError) -> tuple[str, int]:
    failure = failure_of(error)
    assert isinstance(failure, TutorialFailedError)
    return failure.code, failure.status


@pytest.mark.parametrize("kind", list(TimeoutType))
def test_a_worker_that_is_gone_is_the_platforms_fault_and_passes(kind: TimeoutType) -> None:
    assert told(timed_out(kind)) == ("UNAVAILABLE", 503)


def test_a_database_or_a_store_that_is_away_is_the_platforms_fault_and_passes() -> None:
    away = after_travel(UnavailableError("The database cannot be reached; try again shortly"))
    assert told(failed(away)) == ("UNAVAILABLE", 503)
    assert told(timed_out(TimeoutType.SCHEDULE_TO_CLOSE, away)) == ("UNAVAILABLE", 503)


def test_a_model_that_does_not_answer_in_time_is_named() -> None:
    silent = after_travel(ChatError(Code.UNAVAILABLE, "no whole answer within 300 s").as_fault())
    assert told(failed(silent)) == ("AI_UNAVAILABLE", 503)
    assert told(timed_out(TimeoutType.SCHEDULE_TO_CLOSE, silent)) == ("AI_UNAVAILABLE", 503)


def test_a_bug_is_a_bug() -> None:
    assert told(failed(ApplicationError("KeyError", type="KeyError"))) == ("INTERNAL_ERROR", 500)

"""What the store refuses is tried again for some minutes, and not for the two days that a run may take."""

import dataclasses

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.media.refusals import MOST_REFUSED, told
from zilliance.storage import RefusedByStoreError


@pytest.mark.parametrize(("attempt", "is_final"), [(1, False), (MOST_REFUSED, True)])
def test_what_the_store_refuses_is_final_after_some_minutes(attempt: int, *, is_final: bool) -> None:
    def refused() -> None:
        with told():
            raise RefusedByStoreError("AccessDenied")

    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=attempt)
    with pytest.raises(ApplicationError, match="AccessDenied") as raised:
        environment.run(refused)
    assert raised.value.non_retryable is is_final

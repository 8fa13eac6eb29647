"""What travels to an activity that makes a call to the outside; nothing in it is secret."""

import json
from typing import cast
from uuid import UUID

from pydantic import Field, model_validator

from workflows.contracts.execution import Contract

_NOBODY = UUID(int=0)


class LateHole(Contract):
    """A place of the arguments and the expression that its value comes from."""

    path: list[str | int]
    source: str


class LateParts(Contract):
    """What the activity evaluates, because it reads secrets.

    Attributes:
        dot: JSON text of what the expressions see as `.`.
        variables: JSON text of the other variables that they read, by name.
        now: what `now` yields in them, in seconds.
    """

    holes: list[LateHole]
    dot: str = "null"
    variables: str = "{}"
    now: float = 0.0


class CallInput(Contract):
    """One call of a task.

    Attributes:
        owner_id: whose secrets may be read.
        key: of this run of the task; together with the execution it names the call for every attempt.
        arguments: JSON text of the task's `with`, with null in each place that is late.
        secrets: the names of the secrets that the call needs.
        policy: where the arguments have the policy that `$authorization` is about; empty when they have none.
        timeout: seconds for the whole of it.
        repeats: the key of the same call in an execution that this one retries, whose answer nobody knows any more.
    """

    execution_id: UUID
    owner_id: UUID
    key: str
    arguments: str
    late: LateParts | None = None
    secrets: tuple[str, ...] = ()
    policy: list[str] = Field(default_factory=list)
    timeout: float
    repeats: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_first_shape(cls, given: object) -> object:
        """Reads what the first version sent to `call.http`, too: what was under way then is done under this one."""
        if not isinstance(given, dict) or "arguments" in given or "idempotency_key" not in given:
            return cast("object", given)
        first = dict(cast("dict[str, object]", given))
        execution, _, key = str(first.pop("idempotency_key")).partition(":")
        timeout, body = first.pop("timeout"), first.pop("body", None)
        first["endpoint"] = {"uri": first["endpoint"]}
        arguments = json.dumps({**first, "body": None if body is None else json.loads(str(body))})
        # It had no secrets, so nobody's are asked for.
        return {"execution_id": execution, "owner_id": _NOBODY, "key": key, "arguments": arguments, "timeout": timeout}

    @property
    def idempotency_key(self) -> str:
        return self.repeats or f"{self.execution_id}:{self.key}"

"""The two ways to run a scenario: in a simulation, within the test; and over REST, all of them at once."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from tests.conformance.cases import Case, Result
from tests.conformance.outside import SimulatedOutside
from workflows.document_text import DocumentTextError, parse_document
from workflows.json_text import write_json
from workflows.language.documents import normalise
from workflows.language.interpreter import Interpreter, Outcome, WorkflowInfo
from workflows.language.issues import errors_of
from workflows.language.plan import compile_plan
from workflows.language.simulation.clock import EPOCH, VirtualLoop
from workflows.language.validation import validate

Execute = Callable[[Case], Result]
AT_ONCE = 12
OPEN = ("pending", "running")


def simulate(case: Case) -> Result:
    """Run it in virtual time."""
    try:
        parsed = parse_document(case.definition)
    except DocumentTextError as error:
        return Result("refused", issues=(error.issue.as_json(),))
    document = parsed.document if not isinstance(parsed.document, dict) else normalise(parsed.document, "scenario")
    issues = errors_of(validate(document))
    if issues:
        return Result("refused", issues=tuple(issue.as_json() for issue in issues))
    assert isinstance(document, dict)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return _result(runner.run(_interpreted(document, case.data)))


async def _interpreted(document: dict[str, object], data: object) -> Outcome:
    info = WorkflowInfo(id="00000000-0000-7000-8000-000000000001", definition=document, input=data, started_at=EPOCH)
    return await Interpreter(compile_plan(document), SimulatedOutside(), workflow=info).run()


def _result(outcome: Outcome) -> Result:
    return Result(
        outcome.status.value,
        outcome.output if outcome.rollback is None else {"rollback": outcome.rollback},
        None if outcome.problem is None else outcome.problem.as_json(),
        tuple(json.loads(write_json(entry.as_json())) for entry in outcome.tasks),
    )


async def run_all(cases: Iterable[Case], caller: httpx.AsyncClient) -> dict[Case, Result]:
    """Run all of them over REST, several at once."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def run(case: Case) -> tuple[Case, Result]:
        async with limit:
            return case, await _over_rest(case, caller)

    return dict(await asyncio.gather(*(run(case) for case in dict.fromkeys(cases))))


async def _over_rest(case: Case, caller: httpx.AsyncClient) -> Result:
    row = {"name": "scenario", "config": case.definition}
    answer = await caller.post("/rest/v1/workflows", json=row, headers={"Prefer": "return=representation"})
    if answer.status_code == 400:
        return Result("refused", issues=tuple(answer.json()["details"]["issues"]))
    assert answer.status_code == 201, answer.text
    request = {"workflowId": answer.json()[0]["id"], "triggerData": case.data}
    answer = await caller.post("/functions/v1/execute-workflow", json=request)
    execution: dict[str, Any] = answer.json()
    while answer.status_code == 202 or execution["status"] in OPEN:
        await asyncio.sleep(0.5)
        answer = await caller.get(f"/rest/v1/workflow_executions?id=eq.{execution['id']}")
        (execution,) = answer.json()
    assert answer.status_code == 200, answer.text
    return Result(execution["status"], execution["result_data"], execution["error"], tuple(execution["tasks"]))

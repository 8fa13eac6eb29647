"""Retry policies: whether, and after how long, a failed `try` runs again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflows.language.evaluation import truthy
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map, part
from workflows.language.templates import Template
from workflows.language.timing import Timing, compile_timing

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.execution import Execution
    from workflows.language.steps import Step

# Exponential growth stops here: 2^32 times any delay is for ever.
_MOST_DOUBLINGS = 32
_LONGEST_PAUSE = 100 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A compiled policy.

    Attributes:
        backoff: constant, linear or exponential.
        count: the most retries; None for no limit.
        duration: no retry begins later than this after the first attempt began.
        attempt: the timeout of one attempt.
    """

    when: Template | None
    except_when: Template | None
    delay: Timing | None
    backoff: str
    jitter: tuple[Timing, Timing] | None
    count: int | None
    duration: Timing | None
    attempt: Timing | None

    def pause_before(self, retry: int, variables: Mapping[str, object], execution: "Execution", step: "Step") -> float:
        """Seconds to wait before the n-th retry, counted from 1."""
        delay = 0.0 if self.delay is None else execution.seconds(self.delay, step, variables)
        if self.backoff == "linear":
            delay *= retry
        elif self.backoff == "exponential":
            delay *= 2 ** min(retry - 1, _MOST_DOUBLINGS)
        delay = min(delay, _LONGEST_PAUSE)
        if self.jitter is None:
            return delay
        least, most = (execution.seconds(bound, step, variables) for bound in self.jitter)
        return delay + least + execution.effects.random() * max(most - least, 0.0)

    def allows(self, retry: int, elapsed: float, pause: float, execution: "Execution", step: "Step") -> bool:
        """True while both limits leave room for the n-th retry."""
        if self.count is not None and retry > self.count:
            return False
        return self.duration is None or elapsed + pause <= execution.seconds(self.duration, step)

    def applies(
        self, error: dict[str, object], variables: Mapping[str, object], execution: "Execution", step: "Step"
    ) -> bool:
        """True when the policy's own conditions take this error."""
        if self.when is not None and not truthy(execution.evaluate(self.when, error, step, variables)):
            return False
        return self.except_when is None or not truthy(execution.evaluate(self.except_when, error, step, variables))


def compile_retry(compiler: "Compiler", value: object) -> RetryPolicy:
    """A policy given in place or by its name in `use.retries`."""
    policy = as_map(compiler.used("retries", value) if isinstance(value, str) else value, "retry")
    limit = part(policy, "limit")
    attempt = part(limit, "attempt")
    jitter = part(policy, "jitter")
    return RetryPolicy(
        when=compiler.expression(policy.get("when")),
        except_when=compiler.expression(policy.get("exceptWhen")),
        delay=_timing(policy.get("delay")),
        backoff=next(iter(part(policy, "backoff")), "constant"),
        jitter=(compile_timing(jitter.get("from")), compile_timing(jitter.get("to"))) if jitter else None,
        count=_count(attempt.get("count")),
        duration=_timing(limit.get("duration")),
        attempt=_timing(attempt.get("duration")),
    )


def _timing(value: object) -> Timing | None:
    return None if value is None else compile_timing(value)


def _count(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise WorkflowFault.of(
        Kind.CONFIGURATION, f"limit.attempt.count must be a whole number of 0 or more, not {value!r:.80}"
    )

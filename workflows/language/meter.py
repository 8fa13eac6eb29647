"""Counts what an execution uses up, so that it ends within its bounds and lets others run."""

from workflows.language.expressions import Fuel
from workflows.language.limits import Limits
from workflows.language.problems import Kind, LimitExceeded


class Meter:
    """The budget of one execution, or of its compensation."""

    def __init__(self, limits: Limits, *, steps: int = 0, runs: int = 0) -> None:
        self._limits = limits
        self._steps = steps
        self._runs = runs
        self._breath_steps = 0
        self._breath_runs = 0

    @property
    def steps(self) -> int:
        return self._steps

    @property
    def runs(self) -> int:
        return self._runs

    def fuel(self) -> Fuel:
        """The fuel of the next template; raises `LimitExceeded` when the execution has none left.

        Each expression has a bound of its own; this one keeps all of them from one breath to the next within a bound.
        """
        if not self.covers(0):
            raise self.exhausted()
        left = min(self._limits.stretch_steps - self._breath_steps, self._limits.steps - self._steps)
        return Fuel(max(left, 0))

    def covers(self, steps: int) -> bool:
        """True when something is left after so many more steps."""
        return self._steps + steps < self._limits.steps

    def exhausted(self) -> LimitExceeded:
        return LimitExceeded.of(
            Kind.RUNTIME,
            f"the execution used up its {self._limits.steps:,} expression steps: do less in one execution",
        )

    def spend(self, steps: int) -> None:
        self._steps += steps
        self._breath_steps += steps

    def run_task(self) -> None:
        """Count a task; raises `LimitExceeded`."""
        self._runs += 1
        self._breath_runs += 1
        if self._runs > self._limits.task_runs:
            raise LimitExceeded.of(
                Kind.RUNTIME,
                f"the execution ran {self._limits.task_runs:,} tasks, the most that one may: "
                "look for a loop that does not end, or split the work",
            )

    @property
    def breathless(self) -> bool:
        """True when too much was done since the last suspension."""
        return self._breath_steps >= self._limits.breath_steps or self._breath_runs >= self._limits.breath_runs

    def breathed(self) -> None:
        self._breath_steps = 0
        self._breath_runs = 0

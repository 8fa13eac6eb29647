"""Calls that an activity makes: arguments are evaluated here, except what reads a secret, which goes along as it is.

A kind of call says where in its `with` there are endpoints and authentication; everything else is the same for all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from workflows.language.calls.policies import SCHEMES, in_place
from workflows.language.calls.uri_templates import expand
from workflows.language.effects import Late, ServiceCall
from workflows.language.execution import Execution
from workflows.language.late import AUTHORIZATION, LateTemplate, Path, fill
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map, as_text
from workflows.language.steps import Step
from workflows.language.templates import unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler

HIDDEN = "***"  # what stands for a secret wherever it may be kept


@dataclass(frozen=True, slots=True)
class Manner:
    """How one call is made.

    Attributes:
        summary: what operators see of it; nothing secret.
        repeatable: doing it twice is doing it once, and it ends soon.
    """

    summary: str
    repeatable: bool = False


# Given the arguments and whether they are complete; may raise `WorkflowFault` before anything is done.
Inspection = Callable[[Mapping[str, object], bool], Manner]


def simply(summary: str) -> Inspection:
    """The inspection of a call that its activity alone can judge."""
    return lambda _arguments, _complete: Manner(summary)


@dataclass(frozen=True, slots=True)
class ServiceBody:
    """A compiled call.

    Attributes:
        uris: where the arguments hold a URI template; its text is the definition's, never what an expression yields.
        secrets: the names of the secrets that the activity needs.
        policy: where the arguments have the authentication that `$authorization` is about.
        scheme: what `$authorization.scheme` says after the call.
        reads: it changes nothing anywhere, and may be asked again.
    """

    kind: str
    arguments: LateTemplate
    uris: tuple[Path, ...]
    secrets: tuple[str, ...]
    policy: tuple[str, ...]
    scheme: str | None
    inspect: Inspection
    reads: bool = False

    async def run(self, execution: Execution, step: Step) -> object:
        arguments = self._arguments(execution, step)
        manner = self.inspect(arguments, not self.arguments.holes)
        call = ServiceCall(
            kind=self.kind,
            arguments=arguments,
            late=self._late(execution, step),
            secrets=self.secrets,
            policy=self.policy,
            summary=manner.summary,
            repeatable=manner.repeatable,
        )
        await execution.enter()
        output = await execution.effects.call_service(call, key=step.key, timeout=execution.time_left(step.frame))
        if self.scheme is not None:
            step.bind(AUTHORIZATION, {"scheme": self.scheme, "parameter": HIDDEN})
        return output

    def _arguments(self, execution: Execution, step: Step) -> dict[str, object]:
        value = execution.evaluate(self.arguments.early, step.input, step)
        for path in self.uris:
            value = fill(value, path, expand(as_text(_at(value, path), "uri"), step.input))
        return dict(as_map(value, "with"))

    def _late(self, execution: Execution, step: Step) -> Late | None:
        template = self.arguments
        if not template.holes:
            return None
        return Late(
            holes=template.holes,
            dot=step.input,
            variables={name: step.variables.get(name) for name in sorted(template.variables)},
            now=execution.effects.now().timestamp(),
        )


def compile_service(
    compiler: "Compiler",
    kind: str,
    arguments: Mapping[str, object],
    *,
    inspect: Inspection,
    endpoints: Iterable[tuple[str, ...]] = (),
    authentications: Iterable[tuple[str, ...]] = (),
    reads: bool = False,
) -> ServiceBody:
    """Compile a call of one kind.

    Args:
        compiler: of the document, for what `use` names.
        kind: the activity that makes the call is named `call.{kind}`.
        arguments: the task's `with`.
        inspect: says how a call is made, and refuses arguments that are wrong.
        endpoints: paths to endpoints, each a URI or `{uri, authentication}`; the activity always gets the latter.
        authentications: paths to authentication outside of endpoints; names of `use.authentications` are replaced.
        reads: the call changes nothing anywhere.
    """
    value: object = arguments
    policies = [path for path in authentications if _at(value, path) is not None]
    uris: list[Path] = []
    for path in (path for path in endpoints if _at(value, path) is not None):
        endpoint = _at(value, path)
        whole = as_map({"uri": endpoint} if isinstance(endpoint, str) else endpoint, "endpoint")
        value = fill(value, path, whole)
        if unwrap(as_text(whole.get("uri"), "endpoint")) is None:
            uris.append((*path, "uri"))
        if "authentication" in whole:
            policies.append((*path, "authentication"))
    schemes: list[str] = []
    for path in policies:
        policy = compiler.authentication(_at(value, path))
        value = fill(value, path, in_place(policy))
        schemes += [SCHEMES[name] for name in policy if name in SCHEMES]
    template = compiler.late_template(value)
    return ServiceBody(
        kind=kind,
        arguments=template,
        uris=tuple(uris),
        secrets=_declared(compiler, template),
        policy=policies[0] if policies else (),
        scheme=schemes[0] if schemes else None,
        inspect=inspect,
        reads=reads,
    )


def with_expressions(arguments: Mapping[str, object], *names: str) -> Mapping[str, object]:
    """The arguments, in which those members that are text are expressions even without `${ }`."""
    texts = {name: text for name, text in arguments.items() if name in names and isinstance(text, str)}
    return {**arguments, **{name: _wrapped(text) for name, text in texts.items()}}


def _wrapped(text: str) -> str:
    return text if unwrap(text) is not None else f"${{ {text} }}"


def _declared(compiler: "Compiler", template: LateTemplate) -> tuple[str, ...]:
    """The secrets that a call needs: those it names, or all of `use.secrets` when it does not say which."""
    declared = set(compiler.secrets)
    needed = declared if template.secrets is None else template.secrets
    for name in sorted(needed - declared):
        raise WorkflowFault.of(Kind.CONFIGURATION, f"use.secrets has no {name!r}")
    return tuple(sorted(needed))


def _at(value: object, path: Path) -> object:
    """What stands at a path of objects; None when nothing does."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, object]", value).get(str(name))
    return value

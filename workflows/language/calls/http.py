"""`call: http`: one request, its endpoint a URI, a URI template or an expression."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from pydantic import ValidationError

from workflows.language.calls.uri_templates import expand
from workflows.language.effects import HttpCall
from workflows.language.execution import Execution
from workflows.language.issues import IssueCode
from workflows.language.nodes import Body
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map, as_text, part
from workflows.language.steps import Step
from workflows.language.templates import Template, unwrap

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler
    from workflows.language.validation.checker import Checker
    from workflows.language.validation.scope import Scope

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OUTPUTS = ("content", "raw", "response")
_FIELDS = ("method", "endpoint", "headers", "query", "body", "output", "redirect")


@dataclass(frozen=True, slots=True)
class HttpBody:
    """A compiled request.

    Attributes:
        literal: the endpoint is text of the definition, in which `{name}` is expanded; never what an expression yields.
    """

    method: str
    endpoint: Template
    literal: bool
    headers: Template | None
    query: Template | None
    body: Template | None
    output: Literal["content", "raw", "response"]
    redirect: bool

    async def run(self, execution: Execution, step: Step) -> object:
        try:
            request = self._request(execution, step)
        except ValidationError as error:
            detail = f"the request is not valid: {error.errors()[0]['msg']}"
            raise WorkflowFault.of(Kind.EXPRESSION, detail) from error
        await execution.enter()
        return await execution.effects.call_http(request, key=step.key, timeout=execution.time_left(step.frame))

    def _request(self, execution: Execution, step: Step) -> HttpCall:
        return HttpCall(
            method=self.method,
            endpoint=self._endpoint(execution, step),
            headers={name: _text(value, name) for name, value in self._members(self.headers, execution, step)},
            query={name: _texts(value, name) for name, value in self._members(self.query, execution, step)},
            body=None if self.body is None else execution.evaluate(self.body, step.input, step),
            output=self.output,
            redirect=self.redirect,
        )

    def _endpoint(self, execution: Execution, step: Step) -> str:
        endpoint = execution.evaluate(self.endpoint, step.input, step)
        if not isinstance(endpoint, str):
            raise WorkflowFault.of(Kind.EXPRESSION, f"the endpoint must be text, not {endpoint!r:.80}")
        uri = expand(endpoint, step.input) if self.literal else endpoint
        if not uri.lower().startswith(("http://", "https://")):
            raise WorkflowFault.of(Kind.CONFIGURATION, f"the endpoint must begin with http:// or https://: {uri:.200}")
        return uri

    def _members(self, template: Template | None, execution: Execution, step: Step) -> list[tuple[str, object]]:
        """The headers or the query; members that are null are left out."""
        if template is None:
            return []
        value = execution.evaluate(template, step.input, step)
        if value is None:
            return []
        if not isinstance(value, Mapping):
            raise WorkflowFault.of(Kind.EXPRESSION, f"headers and query must be objects, not {value!r:.80}")
        return [(name, item) for name, item in cast("Mapping[str, object]", value).items() if item is not None]


def _text(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise WorkflowFault.of(Kind.EXPRESSION, f"{name!r:.80} must be text or a number, not {value!r:.80}")


def _texts(value: object, name: str) -> str | list[str]:
    if isinstance(value, list):
        return [_text(item, name) for item in cast("list[object]", value)]
    return _text(value, name)


class HttpCallType:
    """The kind `http`."""

    def names(self, name: str, functions: Mapping[str, object]) -> bool:  # noqa: ARG002
        return name == "http"

    def check(
        self,
        checker: "Checker",
        name: str,  # noqa: ARG002
        definition: Mapping[str, object],
        pointer: str,
        scope: "Scope",
    ) -> None:
        at = f"{pointer}/with"
        request = checker.fields(
            definition.get("with", {}), at, _FIELDS, required=("method", "endpoint"), what="http call"
        )
        if request is None:
            return
        if "method" in request:
            method = request["method"]
            upper = method.upper() if isinstance(method, str) else method
            checker.one_of(upper, f"{at}/method", METHODS)
        if "endpoint" in request:
            _check_endpoint(checker, request["endpoint"], f"{at}/endpoint", scope)
        checker.one_of(request.get("output", "content"), f"{at}/output", OUTPUTS)
        checker.flag(request.get("redirect", False), f"{at}/redirect")
        for field in ("headers", "query"):
            checker.members(request.get(field, {}), f"{at}/{field}", scope)
        checker.template(request.get("body"), f"{at}/body", scope)

    def compile(self, compiler: "Compiler", name: str, definition: Mapping[str, object]) -> Body:  # noqa: ARG002
        request = part(definition, "with")
        endpoint = request.get("endpoint")
        uri = as_text(endpoint if isinstance(endpoint, str) else as_map(endpoint, "endpoint").get("uri"), "endpoint")
        output = request.get("output", "content")

        def optional(field: str) -> Template | None:
            value = request.get(field)
            return None if value is None else compiler.template(value)

        return HttpBody(
            method=as_text(request.get("method"), "method").upper(),
            endpoint=compiler.template(uri),
            literal=unwrap(uri) is None,
            headers=optional("headers"),
            query=optional("query"),
            body=optional("body"),
            output="raw" if output == "raw" else "response" if output == "response" else "content",
            redirect=request.get("redirect") is True,
        )


def _check_endpoint(checker: "Checker", endpoint: object, pointer: str, scope: "Scope") -> None:
    if isinstance(endpoint, Mapping):
        parts = checker.fields(
            cast("object", endpoint), pointer, ("uri", "authentication"), required=("uri",), what="endpoint"
        )
        if parts is None:
            return
        if "authentication" in parts:
            message = "authentication of calls is not available yet"
            checker.error(f"{pointer}/authentication", IssueCode.NOT_AVAILABLE, message, "send a header")
        if "uri" in parts:
            _check_uri(checker, parts["uri"], f"{pointer}/uri", scope)
        return
    _check_uri(checker, endpoint, pointer, scope)


def _check_uri(checker: "Checker", uri: object, pointer: str, scope: "Scope") -> None:
    if not isinstance(uri, str):
        hint = 'write "https://example.com/items/{id}"'
        checker.error(
            pointer, IssueCode.WRONG_TYPE, "the endpoint must be a URI, a URI template or an expression", hint
        )
    elif unwrap(uri) is not None:
        checker.template(uri, pointer, scope)
    elif not uri.lower().startswith(("http://", "https://")):
        message = f'"{uri:.80}" does not begin with http:// or https://'
        checker.error(pointer, IssueCode.INVALID_VALUE, message, "write the absolute URI")

"""The request of a `call: http` task, read from its evaluated arguments: by the workflow, and by the activity again.

The workflow reads it to refuse what cannot be sent before anything is done, the activity once secrets are in place:
so no fault shows a value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from workflows.language.expressions.values import kind_of
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OUTPUTS = ("content", "raw", "response")
Output = Literal["content", "raw", "response"]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request.

    Attributes:
        method: upper case.
        uri: an absolute http or https address.
        headers: names as the author wrote them.
        query: added to whatever query the address carries; a list repeats the name.
        body: JSON, or a string to send as text; None sends no body.
        output: `content` is the decoded body, `raw` its base64, `response` the request, status, headers and content.
        redirect: follow redirects, and then take 3xx for success as well.
        authentication: the policy of the endpoint.
    """

    method: str
    uri: str
    headers: Mapping[str, str]
    query: Mapping[str, str | list[str]]
    body: object
    output: Output
    redirect: bool
    authentication: Mapping[str, object] | None


def read_request(arguments: Mapping[str, object]) -> HttpRequest:
    """Read complete arguments; raises `WorkflowFault`."""
    endpoint = as_map(arguments.get("endpoint"), "endpoint")
    policy = endpoint.get("authentication")
    return HttpRequest(
        method=read_method(arguments.get("method")),
        uri=read_uri(endpoint.get("uri")),
        headers={name: text_of(value, name) for name, value in members_of(arguments, "headers")},
        query={name: texts_of(value, name) for name, value in members_of(arguments, "query")},
        body=arguments.get("body"),
        output=read_output(arguments),
        redirect=arguments.get("redirect") is True,
        authentication=None if policy is None else as_map(policy, "authentication"),
    )


def read_method(value: object) -> str:
    method = value.upper() if isinstance(value, str) else ""
    if method not in METHODS:
        raise WorkflowFault.of(Kind.CONFIGURATION, f"the method must be one of {', '.join(METHODS)}, not {value!r:.80}")
    return method


def read_uri(value: object) -> str:
    if not isinstance(value, str):
        raise WorkflowFault.of(Kind.EXPRESSION, f"the endpoint must be text, not {kind_of(value)}")
    if not value.lower().startswith(("http://", "https://")):
        raise WorkflowFault.of(Kind.CONFIGURATION, "the endpoint must begin with http:// or https://")
    return value


def read_output(arguments: Mapping[str, object]) -> Output:
    output = arguments.get("output", "content")
    return "raw" if output == "raw" else "response" if output == "response" else "content"


def members_of(arguments: Mapping[str, object], name: str) -> list[tuple[str, object]]:
    """The headers or the query; members that are null are left out."""
    value = arguments.get(name)
    if value is None:
        return []
    if not isinstance(value, Mapping):
        raise WorkflowFault.of(Kind.EXPRESSION, f"{name} must be an object, not {kind_of(value)}")
    return [(member, item) for member, item in cast("Mapping[str, object]", value).items() if item is not None]


def text_of(value: object, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise WorkflowFault.of(Kind.EXPRESSION, f"{name!r:.80} must be text or a number, not {kind_of(value)}")


def texts_of(value: object, name: str) -> str | list[str]:
    if isinstance(value, list):
        return [text_of(item, name) for item in cast("list[object]", value)]
    return text_of(value, name)

"""The HTTP request that an operation and the parameters of a task make."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from activities.calls.bodies import Body, body_of, form_of, plain, preferred_media
from activities.calls.openapi.document import Operation, as_items, as_object, resolved
from activities.calls.openapi.parameters import Parameter, in_header, in_path, in_query, parameters_of, quoted
from activities.calls.openapi.servers import server_of
from workflows.language.calls.http_request import HttpRequest, Output
from workflows.language.issues import suggestion
from workflows.language.problems import Kind, WorkflowFault


@dataclass(slots=True)
class _Draft:
    """A request in the making: every value goes to its place."""

    path: str
    query: list[str] = field(default_factory=list[str])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    cookies: list[str] = field(default_factory=list[str])
    form: dict[str, object] = field(default_factory=dict[str, object])
    body: object = None

    def put(self, parameter: Parameter, value: object) -> None:
        match parameter.place:
            case "path":
                self.path = self.path.replace(f"{{{parameter.name}}}", in_path(parameter, value))
            case "query":
                self.query += [f"{name}={text}" for name, text in in_query(parameter, value)]
            case "header":
                self.headers[parameter.name] = in_header(parameter, value)
            case "cookie":
                self.cookies.append(f"{parameter.name}={quoted(value)}")
            case "formData":
                self.form[parameter.name] = value
            case _:
                self.body = value


def request_of(
    operation: Operation, document_url: str, values: Mapping[str, object], *, output: Output, redirect: bool
) -> HttpRequest:
    """The request; raises a fault that says which parameter is missing or unknown, and what there is."""
    values = {name: value for name, value in values.items() if value is not None}
    declared = parameters_of(operation)
    draft = _Draft(operation.path)
    taken: set[str] = set()
    for parameter in declared:
        value = _value_of(operation, parameter, values, taken)
        if value is not None:
            draft.put(parameter, value)
    left = {name: value for name, value in values.items() if name not in taken}
    body = _body(operation, draft, declared, left)
    uri = server_of(operation, document_url) + draft.path
    if draft.query:
        uri += ("&" if "?" in uri else "?") + "&".join(draft.query)
    headers = {"Accept": _accepted(operation), **draft.headers}
    if draft.cookies:
        headers["Cookie"] = "; ".join(draft.cookies)
    if body is not None and body.media is not None:
        headers["Content-Type"] = body.media
    return HttpRequest(
        method=operation.method,
        uri=uri,
        headers=headers,
        query={},
        body=None if body is None else body.value,
        output=output,
        redirect=redirect,
        authentication=None,
    )


def _value_of(operation: Operation, parameter: Parameter, values: Mapping[str, object], taken: set[str]) -> object:
    """The value that the task gives a parameter, or its default where it must have one."""
    name = parameter.name
    if parameter.place == "body" and name not in values and "body" in values:
        name = "body"  # what Swagger 2.0 calls the body is nowhere in the request
    if name in values:
        taken.add(name)
        return values[name]
    if parameter.required and parameter.default is not None:
        return parameter.default
    if parameter.required and parameter.place != "body":
        raise _missing(operation, parameter.name, parameter.place)
    return None


def _body(operation: Operation, draft: _Draft, declared: list[Parameter], left: dict[str, object]) -> Body | None:
    """The body, given as `body` or as what no parameter takes."""
    if operation.old:
        return _old_body(operation, draft, declared, left)
    declaration = resolved(operation.document, operation.definition.get("requestBody"))
    content = as_object(declaration.get("content"))
    if not content:
        _refuse_unknown(operation, declared, left)
        return None
    value = left.pop("body") if "body" in left else (left or None)
    if value is not left:
        _refuse_unknown(operation, declared, left)
    if value is None:
        if declaration.get("required") is True:
            raise _missing(operation, "body", "body")
        return None
    return body_of(preferred_media(list(content)), value)


def _old_body(operation: Operation, draft: _Draft, declared: list[Parameter], left: dict[str, object]) -> Body | None:
    consumes = _old_media(operation, "consumes")
    if draft.form:
        _refuse_unknown(operation, declared, left)
        return form_of(consumes, draft.form)
    parameter = next((each for each in declared if each.place == "body"), None)
    if parameter is None:
        _refuse_unknown(operation, declared, left)
        return None
    value = draft.body
    if value is None:
        value = left or None
    else:
        _refuse_unknown(operation, declared, left)
    if value is None:
        if parameter.required:
            raise _missing(operation, parameter.name, "body")
        return None
    return body_of(preferred_media(consumes or ["application/json"]), value)


def _old_media(operation: Operation, name: str) -> list[str]:
    """What Swagger 2.0 says for all operations, or the operation instead of it; an empty list takes that away."""
    owner = operation.definition if name in operation.definition else operation.document
    return [str(each) for each in as_items(owner.get(name))]


def _accepted(operation: Operation) -> str:
    """JSON where it is offered, since it becomes data; else whatever comes."""
    offered = _old_media(operation, "produces")
    for response in as_object(operation.definition.get("responses")).values():
        offered += list(as_object(resolved(operation.document, response).get("content")))
    return (
        "application/json" if "application/json" in offered or not offered else f"{', '.join(offered[:8])}, */*;q=0.1"
    )


def _refuse_unknown(operation: Operation, declared: list[Parameter], left: Mapping[str, object]) -> None:
    if not left:
        return
    name, names = min(left), [parameter.name for parameter in declared]
    near = suggestion(name, names)
    known = f"it takes {', '.join(names)}" if names else "it takes none"
    hint = f'did you mean "{near}"?' if near else known
    detail = f'the operation "{_name(operation)}" has no parameter "{name:.80}": {hint}'
    raise WorkflowFault.of(Kind.VALIDATION, detail)


def _missing(operation: Operation, name: str, place: str) -> WorkflowFault:
    detail = f'the operation "{_name(operation)}" needs the {place} parameter "{name}": add it to with.parameters'
    return WorkflowFault.of(Kind.VALIDATION, detail if place != "body" else detail.replace("body parameter", "body"))


def _name(operation: Operation) -> str:
    return plain(operation.definition.get("operationId"))

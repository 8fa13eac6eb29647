"""References to documents of the outside, compiled to the call that reads each: their addresses are constants."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from workflows.language.calls.service import Manner, compile_service
from workflows.language.effects import Late, ServiceCall
from workflows.language.expressions import Fuel
from workflows.language.nodes import Resource
from workflows.language.problems import Kind, WorkflowFault
from workflows.language.shapes import as_map, as_text

if TYPE_CHECKING:
    from workflows.language.compiler import Compiler

KIND = "resource"
_STEPS = 1_000

# Pages of hosts that show a file, and where the file itself is.
_RAW = (
    (
        re.compile(r"https://github\.com/([^/]+)/([^/]+)/(?:tree|blob|raw)/(.+)"),
        r"https://raw.githubusercontent.com/\1/\2/\3",
    ),
    (re.compile(r"(https://gitlab\.com/.+?)/-/(?:tree|blob)/(.+)"), r"\1/-/raw/\2"),
)
# Repositories as a whole, and where the files of their default branch are.
_REPOSITORIES = (
    (re.compile(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?"), r"https://raw.githubusercontent.com/\1/\2/HEAD"),
    (re.compile(r"(https://gitlab\.com/[^/]+(?:/(?!-/)[^/]+?)+?)(?:\.git)?"), r"\1/-/raw/HEAD"),
)


def compile_resource(compiler: "Compiler", endpoint: object, *, below: str = "") -> Resource:
    """The resource at an endpoint: a URI or `{uri, authentication}`.

    Args:
        compiler: of the document, for what `use` names.
        endpoint: as the document has it.
        below: a path under the endpoint.
    """
    whole = as_map({"uri": endpoint} if isinstance(endpoint, str) else endpoint, "endpoint")
    root = as_text(whole.get("uri"), "uri")
    uri = raw_address(_tree(root.rstrip("/")) + below if below else root)
    body = compile_service(
        compiler,
        KIND,
        {"endpoint": {**whole, "uri": uri}},
        inspect=lambda _arguments, _complete: Manner(uri),
        endpoints=(("endpoint",),),
    )
    template = body.arguments
    if template.variables or not template.early.constant:
        raise WorkflowFault.of(Kind.CONFIGURATION, f"the address of a resource must be a constant: {uri:.200}")
    arguments = as_map(template.early.render(None, {}, Fuel(_STEPS)), "resource")
    late = Late(template.holes, None, {}, 0.0) if template.holes else None
    return Resource(
        uri, ServiceCall(KIND, arguments, late=late, secrets=body.secrets, policy=body.policy, summary=f"GET {uri}")
    )


def raw_address(uri: str) -> str:
    """Where the file is that a page of a known host shows; any other address as it is."""
    return _replaced(uri, _RAW)


def _tree(uri: str) -> str:
    """Where the files of a repository are; any other address as it is."""
    return _replaced(uri, _REPOSITORIES)


def _replaced(uri: str, patterns: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in patterns:
        match = pattern.fullmatch(uri)
        if match is not None:
            return match.expand(replacement)
    return uri

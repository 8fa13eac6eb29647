"""Where an operation is: hosts and base paths of Swagger 2.0, servers of OpenAPI 3."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from activities.calls.openapi.document import Json, Operation, as_items, as_object
from workflows.language.problems import Kind, WorkflowFault


def server_of(operation: Operation, document_url: str) -> str:
    """The address before the path, without a slash at its end; a relative one is meant from the document's."""
    found = _old_server(operation, document_url) if operation.old else _server(operation, document_url)
    if not found.lower().startswith(("http://", "https://")):
        detail = f"the OpenAPI document has the server {found!r:.100}, which does not begin with http:// or https://"
        raise WorkflowFault.of(Kind.CONFIGURATION, detail)
    return found.rstrip("/")


def _server(operation: Operation, document_url: str) -> str:
    for owner in (operation.definition, operation.item, operation.document):
        servers = as_items(owner.get("servers"))
        if servers:
            return urljoin(document_url, _expanded(as_object(servers[0])))
    return urljoin(document_url, "/")


def _expanded(server: Json) -> str:
    """The URL with the default of each variable."""
    url = str(server.get("url", "/"))
    for name, variable in as_object(server.get("variables")).items():
        url = url.replace(f"{{{name}}}", _default(variable, name))
    return url


def _default(variable: object, name: str) -> str:
    default = as_object(variable).get("default")
    if default is None or isinstance(default, Mapping | list):
        raise WorkflowFault.of(Kind.CONFIGURATION, f"the OpenAPI document's server variable {name!r} has no default")
    return str(default)


def _old_server(operation: Operation, document_url: str) -> str:
    document, own = operation.document, urlsplit(document_url)
    schemes = [str(each) for each in as_items(operation.definition.get("schemes")) or as_items(document.get("schemes"))]
    # https where it is offered, else what the document itself came by.
    preferred = [scheme for scheme in ("https", own.scheme, "http") if scheme in schemes]
    scheme = preferred[0] if preferred else own.scheme
    host = str(document.get("host") or own.netloc)
    base = str(document.get("basePath") or "/")
    return f"{scheme}://{host}{base if base.startswith('/') else '/' + base}"

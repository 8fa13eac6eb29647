"""A tutorial as HTML: from its Markdown, with nothing in it that could run, load or pretend."""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

import nh3
import orjson
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from api.state import AppState
from api.tutorials.markdown_effort import Effort
from zilliance.database import READING
from zilliance.errors import NotFoundError, TooLargeError
from zilliance.identity import Identity
from zilliance.tutorial_rules import may_be_linked

MOST_CHARACTERS = 1_000_000
MOST_BRACKETS = 300  # of one block
_TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_CLASSES = {"code"}  # the language of a fence, which a page may colour by
_SCHEMES = {"http", "https", "mailto"}
_VERSIONS = re.compile(r'"([fp])([0-9a-f]{1,16})"')

HEADERS = {
    # Even what would get past all of the below could run nothing, load nothing and reach nothing of this origin.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, no-cache",
}
_STYLE = "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif}pre{overflow:auto}"
# Texts are large, and lie apart from their row: they are read only for a version that is not known.
_ROW = """
    SELECT t.user_id, v.version, k.is_known,
           CASE WHEN NOT k.is_known THEN t.title END AS title,
           CASE WHEN NOT k.is_known THEN t.description END AS description,
           CASE WHEN NOT k.is_known THEN t.content END AS content,
           CASE WHEN NOT k.is_known THEN t.steps::text END AS steps
      FROM public.tutorials AS t
     CROSS JOIN LATERAL (SELECT to_hex((extract(epoch FROM t.updated_at) * 1000000)::bigint) AS version) AS v
     CROSS JOIN LATERAL (SELECT v.version = ANY ($2::text[]) AS is_known) AS k
     WHERE t.id = $1
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page with the tag of its version; without its body when its reader has it."""

    etag: str
    body: bytes | None


async def read_page(
    state: AppState, caller: Identity, tutorial_id: UUID, *, fragment: bool, has: str | None = None
) -> Shown:
    """A tutorial that the caller may read, as a page or a fragment of one. `has` are tags of those that the reader has.

    Raises NotFoundError, TooLargeError; RateLimitedError and UnavailableError when too much is rendered.
    """
    form = "f" if fragment else "p"
    kept = state.pages.kept((tutorial_id, form))
    seen = [version for kind, version in _VERSIONS.findall(has or "") if kind == form]
    row = await read_row(state, caller, tutorial_id, [*seen, *([kept.version] if kept else [])])
    version: str = row["version"]
    etag = f'"{form}{version}"'
    if version in seen:
        return Shown(etag, None)
    if kept is None or kept.version != version:
        render = partial(_rendered, row, fragment=fragment)
        kept = await state.pages.get((tutorial_id, form), version, row["user_id"], render)
    return Shown(etag, kept.shown())


async def read_row(state: AppState, caller: Identity, tutorial_id: UUID, known: Sequence[str]) -> Mapping[str, Any]:
    """A tutorial's version, with its texts unless the version is one of the known. Raises NotFoundError."""
    async with state.transaction(caller, READING) as connection:
        row = await connection.fetchrow(_ROW, tutorial_id, known)
    if row is None:
        raise NotFoundError(f"There is no tutorial {tutorial_id}", code="TUTORIAL_NOT_FOUND")
    return dict(row)


def _rendered(row: Mapping[str, Any], *, fragment: bool) -> bytes:
    """HTML, a fragment or a page. Takes a while for a long one: to be called beside the event loop."""
    if len(row["steps"]) + len(row["content"] or "") > 2 * MOST_CHARACTERS:
        raise TooLargeError("The tutorial is too long to be shown as a page", code="TUTORIAL_TOO_LARGE")
    article = f"<article>\n{html_of(markdown_of(row))}</article>\n"
    if fragment:
        return article.encode()
    head = f'<head><meta charset="utf-8"><title>{html.escape(row["title"])}</title><style>{_STYLE}</style></head>'
    return f"<!doctype html>\n<html>\n{head}\n<body>\n{article}</body>\n</html>\n".encode()


def markdown_of(row: Mapping[str, Any]) -> str:
    """What the tutorial says as a whole; from its steps, when nobody wrote it down as a whole."""
    if row["content"]:
        return row["content"]
    parts = [f"# {row['title']}", row["description"] or ""]
    for number, step in enumerate(_steps_of(row["steps"]), 1):
        parts += [f"## {number}. {step.get('title', '')}", str(step.get("content") or "")]
    return "\n\n".join(part for part in parts if part)[:MOST_CHARACTERS]


def _steps_of(text: str) -> list[Mapping[str, Any]]:
    """Its steps as far as they are objects: whoever writes a tutorial by hand may put anything there."""
    try:
        steps: object = orjson.loads(text)
    except orjson.JSONDecodeError:  # PostgreSQL holds numbers and depths that no reader takes
        return []
    found = cast("list[object]", steps) if isinstance(steps, list) else []
    return [cast("Mapping[str, Any]", step) for step in found if isinstance(step, dict)]


def html_of(markdown: str) -> str:
    """CommonMark and tables. HTML in it is text; images become their description; links lead to pages or addresses.

    Raises TooLargeError for what would take seconds.
    """
    rendered: str = _parser().render(_bounded(markdown))
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()} | {tag: {"class"} for tag in _CLASSES},
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow ugc",
    )


def _bounded(markdown: str) -> str:
    """Brackets are text in a block that has hundreds: finding those that belong together takes their square."""
    blocks = markdown.split("\n\n")
    return "\n\n".join(block.replace("[", "\\[") if block.count("[") > MOST_BRACKETS else block for block in blocks)


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.validateLink = may_be_linked  # type: ignore[method-assign]
    parser.add_render_rule("image", _described)
    Effort().bound(parser)
    return parser


def _described(_: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType) -> str:
    """An image as the text that stands for it: loading one would tell its host who reads."""
    del options, env
    return html.escape(tokens[at].content)

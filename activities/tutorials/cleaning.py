"""What is kept of a text that a model wrote: lines without markup, and Markdown in which no renderer finds HTML."""

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from zilliance.tutorial_rules import may_be_linked

ELLIPSIS = "…"

# C0 and C1 without tab and line feed; line separators; marks that turn the direction of what follows, to look like
# something else; noncharacters and lone surrogates, which PostgreSQL or a client would refuse.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)[^<>]*+>")  # possessive: a tag without an end is read once
_ODD = re.compile(r"<[!?/][^<>]*>?")
_OPENS_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_OPENINGS = re.compile(r"(?<!<)<++(?=[A-Za-z/!?])")  # all of them: the second of two would make the first open a tag
_SPACE = re.compile(r"\s+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LONG_FENCE = re.compile(r"`{10,}|~{10,}")
_MOST_BRACKETS = 200
_CLOSING = 12  # characters that closing a fence takes


def plain(text: object, limit: int) -> str:
    """One line without tags, cut at the limit. What a tag encloses stays, and of the tag its name: `b` of `<b>`."""
    return cut(_SPACE.sub(" ", _without_tags(str(text))).strip(), limit)


def paragraphs(text: object, limit: int) -> str:
    """The same with its line breaks."""
    lines = _without_tags(_unified(str(text))).split("\n")
    return cut("\n".join(line.rstrip() for line in lines).strip(), limit)


def code(text: object, limit: int) -> str:
    """Code as it is, without characters that nobody sees, and without the fence that it may have come in."""
    lines = _unified(str(text)).strip("\n").split("\n")
    if len(lines) > 1 and _FENCE.match(lines[0]) and _FENCE.match(lines[-1]):
        lines = lines[1:-1]
    return cut("\n".join(lines), limit)


def markdown(text: object, limit: int) -> str:
    """Markdown in which whoever renders it, with HTML allowed or not, finds no HTML, no image and no odd link."""
    whole = short_fences(cut(_unified(str(text)).strip(), limit))
    if whole.count("[") > _MOST_BRACKETS:
        # Nobody links so much; looking for what belongs together would take seconds.
        whole = _outside_fences(whole, lambda line: line.replace("[", "\\["))
    for harden in (_escape_outside_code, _escape_outside_fences, _escape_all):
        safe = _closed(cut(harden(whole), limit - _CLOSING))
        found = _found(safe)
        if found & {"image", "odd link"}:
            safe = _closed(cut(_without_odd_links(harden(whole), found), limit - _CLOSING))
            found = _found(safe)
        if not found:
            return safe
    return cut(whole.replace("<", "&lt;"), limit)


def short_fences(text: str) -> str:
    """With runs of backticks and tildes of nine at most."""
    return _LONG_FENCE.sub(lambda fence: fence[0][:9], text)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def _unified(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _without_tags(text: str) -> str:
    once = _ODD.sub("", _TAG.sub(lambda tag: "" if tag[1] else tag[2], _unified(text)))
    return _OPENINGS.sub("", once)  # what one tag inside another has left


def _escape_outside_code(text: str) -> str:
    return _outside_fences(text, _escape_line)


def _escape_outside_fences(text: str) -> str:
    return _outside_fences(text, _escape_all)


def _escape_all(text: str) -> str:
    return _OPENS_TAG.sub("&lt;", text)


def _escape_line(line: str) -> str:
    """Escape what is no code span; one that goes over several lines counts as text."""
    parts: list[str] = []
    at = 0
    for span in _CODE_SPAN.finditer(line):
        parts += [_escape_all(line[at : span.start()]), span[0]]
        at = span.end()
    return "".join([*parts, _escape_all(line[at:])])


def _without_odd_links(text: str, found: set[str]) -> str:
    """Images become text; where a link leads to anything but a page or an address, none of the text's is one."""
    if "image" in found:
        text = _outside_fences(text, lambda line: line.replace("![", "!\\["))
    if "odd link" not in found:
        return text
    return _outside_fences(text, lambda line: line.replace("](", "] (").replace("][", "] [").replace("]:", "] :"))


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    return "\n".join(line if fenced else change(line) for line, fenced in _lines(text))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is in a fenced block or opens or closes one."""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence:
            fence = match[1] if match else ""
            yield line, bool(match)
            continue
        yield line, True
        if match and match[1].startswith(fence) and not line[match.end() :].strip():
            fence = ""


def _closed(text: str) -> str:
    """With the fence closed that a cut has left open: it would swallow what follows."""
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match and not fence:
            fence = match[1]
        elif match and match[1].startswith(fence) and not line[match.end() :].strip():
            fence = ""
    return f"{text}\n{fence}" if fence else text


def _found(text: str) -> set[str]:
    """What of all that must not be a renderer would find."""
    if "<" not in text and "[" not in text:
        return set()
    found: set[str] = set()
    for token in _tokens(text):
        if token.type in {"html_inline", "html_block", "image"}:
            found.add(token.type)
        elif token.type == "link_open" and not may_be_linked(str(token.attrGet("href") or "")):
            found.add("odd link")
    return found


def _tokens(text: str) -> Iterator[Token]:
    """All tokens as the most trusting renderer sees them."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = lambda _: True  # type: ignore[method-assign]
    for token in parser.parse(text):
        yield token
        yield from token.children or []

"""What a model wrote is stored so that nobody who renders it can be hurt, and says what it said."""

from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from activities.tutorials.cleaning import code, markdown, paragraphs, plain
from tests.unit.tutorials.corpus import ATTACKS


def tokens(text: str) -> list[tuple[str, str]]:
    """As a renderer sees it that trusts everything."""
    parser = MarkdownIt("commonmark", {"html": True})
    parser.validateLink = lambda _: True  # type: ignore[method-assign]
    found = [each for token in parser.parse(text) for each in (token, *(token.children or []))]
    return [(each.type, str(each.attrGet("href") or "")) for each in found]


@pytest.mark.parametrize("attack", ATTACKS)
def test_stored_markdown_has_no_html_no_image_and_no_odd_link_whoever_renders_it(attack: str) -> None:
    for text in (attack, f"Before\n\n{attack}\n\nafter `x`", f"1. item\n   {attack}\n2. item"):
        for kind, address in tokens(markdown(text, 10_000)):
            assert kind not in {"html_inline", "html_block", "image"}, text
            assert not address or address.startswith(("https://", "http://", "mailto:")) or ":" not in address, text


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_line_has_no_tags_and_no_line_breaks(attack: str) -> None:
    line = plain(attack, 200)
    assert "\n" not in line
    assert [kind for kind, _ in tokens(f"x {line}") if kind.startswith("html")] == []


def test_what_is_about_html_stays_readable() -> None:
    assert plain("The <b> tag", 200) == "The b tag"
    assert plain("if a < b and c > d", 200) == "if a < b and c > d"
    assert markdown("Write `<b>` or:\n\n```html\n<b>x</b>\n```", 500) == "Write `<b>` or:\n\n```html\n<b>x</b>\n```"
    assert markdown("a < b, <b>", 500) == "a < b, &lt;b>"
    assert markdown("See [the docs](https://docs.example/a_(b)).", 500) == "See [the docs](https://docs.example/a_(b))."
    assert markdown("```rust\nlet a = vec![1];\n```\n\n![x](https://a.example/i.png)", 500).startswith(
        "```rust\nlet a = vec![1];\n```"
    )


def test_texts_are_cut_and_a_fence_that_the_cut_opened_is_closed() -> None:
    assert plain("x" * 300, 200) == "x" * 199 + "…"
    cut = markdown("```\n" + "line\n" * 100, 200)
    assert len(cut) <= 200
    assert MarkdownIt("commonmark").render(cut + "\n\nafter").endswith("<p>after</p>\n")


def test_characters_that_nobody_sees_are_gone() -> None:
    assert plain("a\x00b\x1bc\u202ed\ue000", 50) == "abcd\ue000"
    assert paragraphs("a \r\nb\r\n\x07c", 50) == "a\nb\nc"
    assert code("```python\nprint(1)\n```", 50) == "print(1)"
    assert code("a\tb\r\n\x00c", 50) == "a\tb\nc"


@pytest.mark.parametrize("clean", [plain, paragraphs])
@pytest.mark.parametrize(
    "beginning", ["<" + "a" * 2_000_000, "<a " * 700_000, "<a<" * 700_000, "<" * 2_000_000, "<!" * 1_000_000]
)
def test_tags_that_never_end_are_read_once(clean: Callable[[object, int], str], beginning: str) -> None:
    """Were they read once for each letter, this would take hours."""
    assert "<a" not in clean(beginning, 200)


def test_of_what_opens_a_tag_twice_no_tag_is_left() -> None:
    assert plain("<<img src=x onerror=alert(1)", 200) == "img src=x onerror=alert(1)"
    assert plain("1 << 2, a <<b> c, <</b>", 200) == "1 << 2, a b c, <"

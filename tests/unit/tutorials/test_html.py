"""HTML of a tutorial holds nothing that could run, load or pretend."""

from html.parser import HTMLParser

import pytest

from api.tutorials.rendering import MOST_CHARACTERS, html_of, markdown_of
from tests.unit.tutorials.corpus import ATTACKS, LABORIOUS
from zilliance.errors import TooLargeError

TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a"),
}


class Seen(HTMLParser):
    """Every element and attribute, as a browser's parser would find them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_text(attack: str) -> None:
    for text in (attack, f"- a\n- {attack}", f"> {attack}", f"# {attack}", f"| a |\n|---|\n| {attack} |"):
        for tag, attributes in Seen(html_of(text)).elements:
            assert tag in TAGS, (tag, text)
            assert set(attributes) <= {"href", "title", "rel", "start", "class"}, text
            address = attributes.get("href")
            assert address is None or address.startswith(("https://", "http://", "mailto:")) or ":" not in address, text


def test_markdown_is_rendered_and_links_say_that_they_lead_away() -> None:
    page = html_of("# A\n\n*b* **c** [d](https://e.example)\n\n```python\nx < 1\n```\n\n| f |\n|---|\n| g |\n")
    assert "<h1>A</h1>" in page
    assert '<a href="https://e.example" rel="noopener noreferrer nofollow ugc">d</a>' in page
    assert '<pre><code class="language-python">x &lt; 1\n</code></pre>' in page
    assert "<td>g</td>" in page


def test_an_image_becomes_its_description() -> None:
    assert html_of("![a <b> cat](https://evil.example/cat.png)") == "<p>a &lt;b&gt; cat</p>\n"


def test_a_text_that_would_take_for_ever_is_shown_as_it_is() -> None:
    assert html_of("![" * 50_000) == f"<p>{'![' * 50_000}</p>\n"


@pytest.mark.parametrize("laborious", LABORIOUS)
def test_markup_that_would_take_seconds_is_refused_before_it_does(laborious: str) -> None:
    text = laborious * (MOST_CHARACTERS // len(laborious))
    with pytest.raises(TooLargeError, match="too much markup"):
        html_of(text)


def test_a_million_characters_of_prose_are_shown() -> None:
    line = "The fox, which was *very* quick, jumps over the lazy dog; see [here](https://a.example) and `there`.\n\n"
    assert html_of(line * (MOST_CHARACTERS // len(line))).count("<em>") == MOST_CHARACTERS // len(line)


def test_a_million_characters_of_code_are_shown() -> None:
    assert html_of("```\n" + "a_b = [*c]\n" * 80_000 + "```").count("\n") > 80_000


@pytest.mark.parametrize("steps", ["[1e400]", "[" * 2000 + "]" * 2000, "3", "[null]"])
def test_steps_that_no_reader_takes_are_left_out(steps: str) -> None:
    row = {"title": "By hand", "description": None, "content": None, "steps": steps}
    assert markdown_of(row) == "# By hand"

"""A bound on the work of rendering Markdown: what the parser tries and makes is counted, and not timed."""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from zilliance.errors import TooLargeError

# Each takes 2 to 8 microseconds, whatever the text is; 1 MB of prose takes about 100,000.
MOST_STEPS = 200_000
_BLOCKS = ["paragraph", "reference", "blockquote", "list"]  # within which a block's rules are tried at each line


class Effort:
    """What one text has taken so far."""

    def __init__(self) -> None:
        self._tried = 0

    def bound(self, parser: MarkdownIt) -> None:
        """Let a parser raise TooLargeError as soon as its text takes more than MOST_STEPS."""
        parser.block.ruler.before("table", "effort", self._at_line, {"alt": _BLOCKS})
        parser.inline.ruler.before("text", "effort", self._at_character)

    def _at_line(self, state: StateBlock, line: int, end: int, silent: bool) -> bool:
        del end, silent
        cells = state.src.count("|", state.bMarks[line], state.eMarks[line])  # which one try makes all at once
        self._take(1 + cells, made=len(state.tokens))
        return False

    def _at_character(self, state: StateInline, silent: bool) -> bool:
        del silent
        self._take(1, made=len(state.tokens))
        return False

    def _take(self, steps: int, *, made: int) -> None:
        self._tried += steps
        if self._tried + made > MOST_STEPS:
            message = "The tutorial has too much markup to be shown as a page: shorten it, or read its Markdown"
            raise TooLargeError(message, code="TUTORIAL_TOO_LARGE")

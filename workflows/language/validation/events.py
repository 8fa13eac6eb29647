"""Checks which events a `listen` or a `schedule.on` waits for: one strategy of filters, each with its correlation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from workflows.language.issues import IssueCode
from workflows.language.validation.reporter import kind_of
from workflows.language.validation.scope import Scope

if TYPE_CHECKING:
    from workflows.language.validation.parts import PartChecks

STRATEGIES = ("one", "any", "all")
READS = ("data", "envelope", "raw")
MAX_FILTERS = 100

_TEXTS = ("id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "specversion")


def check_strategy(checker: "PartChecks", value: object, pointer: str, scope: Scope, *, until: bool = True) -> None:
    """An event consumption strategy; without `until`, as inside another one's `until`, it may have none itself."""
    allowed = (*STRATEGIES, "until") if until else STRATEGIES
    strategy = checker.fields(value, pointer, allowed, what="the strategy")
    if strategy is None:
        return
    given = [name for name in STRATEGIES if name in strategy]
    if len(given) != 1:
        message = "a strategy is exactly one of one, any and all" + (f", not {' and '.join(given)}" if given else "")
        hint = 'write {"one": {"with": {"type": "com.example.ordered"}}}'
        checker.error(pointer, IssueCode.INVALID_VALUE, message, hint)
    if "one" in strategy:
        check_filter(checker, strategy["one"], f"{pointer}/one", scope)
    for name in ("any", "all"):
        if name in strategy:
            _check_filters(checker, strategy[name], f"{pointer}/{name}", scope, empty=name == "any")
    if until and "until" in strategy:
        _check_until(checker, strategy, f"{pointer}/until", scope)


def check_filter(checker: "PartChecks", value: object, pointer: str, scope: Scope) -> None:
    """One filter: attributes to match, and what ties the events of one consumer together."""
    parts = checker.fields(value, pointer, ("with", "correlate"), required=("with",), what="an event filter")
    if parts is None:
        return
    if "with" in parts:
        _check_attributes(checker, parts["with"], f"{pointer}/with", scope)
    for key, correlation in checker.mapping(parts.get("correlate", {}), f"{pointer}/correlate", "correlate").items():
        _check_correlation(checker, correlation, checker.at(f"{pointer}/correlate", key), scope)


def _check_filters(checker: "PartChecks", value: object, pointer: str, scope: Scope, *, empty: bool) -> None:
    if not isinstance(value, list):
        checker.error(pointer, IssueCode.WRONG_TYPE, f"a list of event filters is needed, not {kind_of(value)}")
        return
    filters = cast("list[object]", value)
    if not filters and not empty:
        checker.error(pointer, IssueCode.INVALID_VALUE, "the list has no event filter", "give it at least one")
    if len(filters) > MAX_FILTERS:
        message = f"there are more than {MAX_FILTERS} event filters"
        checker.error(pointer, IssueCode.TOO_LARGE, message, "match several types by one regular expression")
        return
    for index, each in enumerate(filters):
        check_filter(checker, each, f"{pointer}/{index}", scope)


def _check_attributes(checker: "PartChecks", value: object, pointer: str, scope: Scope) -> None:
    attributes = checker.mapping(value, pointer, "with")
    if isinstance(value, Mapping) and not attributes:
        hint = 'write {"with": {"type": "com.example.ordered"}}'
        checker.error(pointer, IssueCode.INVALID_VALUE, "an event filter needs at least one attribute", hint)
    for name, wanted in attributes.items():
        at = checker.at(pointer, name)
        if name in _TEXTS and not isinstance(wanted, str):
            checker.error(at, IssueCode.WRONG_TYPE, f"{name} is text in every event, not {kind_of(wanted)}")
            continue
        checker.template(wanted, at, scope)


def _check_correlation(checker: "PartChecks", value: object, pointer: str, scope: Scope) -> None:
    parts = checker.fields(value, pointer, ("from", "expect"), required=("from",), what="a correlation")
    if parts is None:
        return
    if "from" in parts:
        checker.text(parts["from"], f"{pointer}/from")
        checker.expression(parts["from"], f"{pointer}/from", scope)
    expected = parts.get("expect", "")
    if not isinstance(expected, str):
        hint = "write a constant or an expression, such as ${ .orderId }"
        message = f"expect must be text, not {kind_of(expected)}"
        checker.error(f"{pointer}/expect", IssueCode.WRONG_TYPE, message, hint)
    elif expected.lstrip().startswith((".", "$")):
        checker.expression(expected, f"{pointer}/expect", scope)


def _check_until(checker: "PartChecks", strategy: Mapping[str, object], pointer: str, scope: Scope) -> None:
    if "any" not in strategy:
        message = "until belongs to any: one and all end by themselves"
        checker.error(pointer, IssueCode.INVALID_VALUE, message, "remove it, or use any")
    until = strategy["until"]
    if isinstance(until, str):
        checker.expression(until, pointer, scope)
    else:
        check_strategy(checker, until, pointer, scope, until=False)

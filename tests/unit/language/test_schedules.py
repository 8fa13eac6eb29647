"""The `schedule` of a document: which are accepted, what they become, and why others are refused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from workflows.language.cron import CronError, check_cron, conjunctions, most_matches
from workflows.language.documents import normalise
from workflows.language.problems import WorkflowFault
from workflows.language.schedules import Schedule, compile_schedule, pause_of
from workflows.language.validation import validate


def issues_of(schedule: object) -> list[str]:
    document = normalise({"schedule": schedule, "do": [{"a": {"set": {"x": 1}}}]}, "t")
    return [f"{issue.pointer}: {issue.message}" for issue in validate(document)]


TYPE: Any = {"with": {"type": "com.example.ordered"}}


@pytest.mark.parametrize(
    ("schedule", "compiled"),
    [
        ({"every": {"minutes": 5}}, Schedule(every=timedelta(minutes=5))),
        ({"every": "PT1H"}, Schedule(every=timedelta(hours=1))),
        ({"cron": "0  6 * * mon-fri"}, Schedule(cron="0 6 * * mon-fri")),
        ({"after": "PT10S"}, Schedule(after=timedelta(seconds=10))),
        ({"on": {"one": TYPE}}, Schedule(on={"one": TYPE}, read="envelope")),
        ({"on": {"any": []}, "read": "data"}, Schedule(on={"any": []}, read="data")),
        ({"on": {"all": [TYPE, TYPE]}, "read": "raw"}, Schedule(on={"all": [TYPE, TYPE]}, read="raw")),
    ],
)
def test_each_kind_of_schedule_is_accepted_and_compiled(schedule: dict[str, object], compiled: Schedule) -> None:
    assert issues_of(schedule) == []
    assert compile_schedule({"schedule": schedule}) == compiled


def test_a_document_without_a_schedule_has_none() -> None:
    assert compile_schedule({"do": []}) is None


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"every": "PT1H", "cron": "* * * * *"}, "/schedule: a schedule is exactly one of every, cron, after, on, not"),
        ({}, "/schedule: a schedule is exactly one of"),
        ({"every_": "PT1H"}, '/schedule/every_: unknown property "every_"'),
        ({"every": "PT0.1S"}, "/schedule/every: an interval of less than a second"),
        ({"every": "P1M"}, "/schedule/every: months and years have no fixed length"),
        ({"every": "${ .x }"}, "/schedule/every: '${ .x }' is not an ISO 8601 duration"),
        ({"after": {"secs": 1}}, "/schedule/after: unknown unit 'secs'"),
        ({"after": "P101Y"}, "/schedule/after: a duration may be at most 100 years"),
        ({"after": {"days": 40_000}}, "/schedule/after: a duration may be at most 100 years"),
        ({"after": "P9000Y"}, "/schedule/after: the duration 9000 years"),
        ({"every": {"days": 40_000}}, "/schedule/every: a duration may be at most 100 years"),
        ({"cron": "* * *"}, "/schedule/cron: a cron expression has five fields"),
        ({"cron": 5}, "/schedule/cron: cron must be text, not a number"),
        ({"every": "PT1H", "read": "data"}, "/schedule/read: read says which part of an event"),
        ({"on": {"one": TYPE}, "read": "all"}, '/schedule/read: "all" is not one of the values'),
        ({"on": {}}, "/schedule/on: a strategy is exactly one of one, any and all"),
        ({"on": {"one": TYPE, "any": []}}, "/schedule/on: a strategy is exactly one of one, any and all, not"),
        ({"on": {"one": {}}}, '/schedule/on/one: required property "with" is missing'),
        ({"on": {"one": {"with": {}}}}, "/schedule/on/one/with: an event filter needs at least one attribute"),
        ({"on": {"one": {"with": {"type": 5}}}}, "/schedule/on/one/with/type: type is text in every event"),
        ({"on": {"one": {"with": {"data": "${ .a | }"}}}}, "/schedule/on/one/with/data: "),
        ({"on": {"all": []}}, "/schedule/on/all: the list has no event filter"),
        ({"on": {"all": TYPE}}, "/schedule/on/all: a list of event filters is needed, not an object"),
        ({"on": {"any": [TYPE] * 101}}, "/schedule/on/any: there are more than 100 event filters"),
        ({"on": {"one": TYPE, "until": "${ true }"}}, "/schedule/on/until: until belongs to any"),
        ({"on": {"any": [], "until": ". |"}}, "/schedule/on/until: "),
        (
            {"on": {"any": [], "until": {"any": [], "until": "true"}}},
            '/schedule/on/until/until: unknown property "until"',
        ),
        (
            {"on": {"one": {**TYPE, "correlate": {"order": {}}}}},
            '/schedule/on/one/correlate/order: required property "from"',
        ),
        ({"on": {"one": {**TYPE, "correlate": {"o": {"from": ".x |"}}}}}, "/schedule/on/one/correlate/o/from: "),
        (
            {"on": {"one": {**TYPE, "correlate": {"o": {"from": ".x", "expect": 5}}}}},
            "/schedule/on/one/correlate/o/expect: expect must be text",
        ),
        ({"on": {"one": {**TYPE, "correlate": {"o": {"from": ".x", "expect": ".y |"}}}}}, "/o/expect: "),
        ({"every": []}, "/schedule/every: [] is not a duration"),
        ([], "/schedule: schedule must be an object"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(schedule: object, said: str) -> None:
    assert any(said in issue for issue in issues_of(schedule)), issues_of(schedule)


@pytest.mark.parametrize(
    "text",
    ["* * * * *", "*/15 0-6,12 1,15 jan-mar,12 sun", "0 0 29 2 *", "5/10 * * * 7", "0 0 31 2 mon", "0 0 1 * MON"],
)
def test_cron_expressions_of_five_fields_are_accepted(text: str) -> None:
    check_cron(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("@daily", "five fields"),
        ("0 0 * * * *", "five fields (minute, hour, day of the month, month, day of the week), and this one has 6"),
        ("60 * * * *", "'60' is not a minute: use 0 to 59"),
        ("* 24 * * *", "is not a hour"),
        ("* * 0 * *", "is not a day of the month"),
        ("* * * 13 *", "is not a month"),
        ("* * * * funday", "is not a day of the week"),
        ("*/0 * * * *", "must be 1 or more"),
        ("30-10 * * * *", "ends before it begins"),
        ("0 0 L * *", "is not a day of the month"),
        ("0 0 31 2 *", "it would never run"),
        ("0 0 31 4,6 *", "it would never run"),
        ("0 0 31 2 */2", "it would never run"),
        ("1" * 300, "at most 256 characters"),
    ],
)
def test_other_cron_expressions_are_refused_with_the_field(text: str, said: str) -> None:
    with pytest.raises(CronError) as caught:
        check_cron(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 9 1,15 * *", [1, 15]),
        ("0 9 * * mon", [2, 9, 16, 23, 30]),
        ("0 9 1,15 * mon", [1, 2, 9, 15, 16, 23, 30]),
        ("0 9 2,15 * MON", [2, 9, 15, 16, 23, 30]),
        ("0 9 */2 * mon", [9, 23]),
        ("0 9 2,9 * */6", []),
        ("0 9 31 2 mon", []),
    ],
)
def test_days_of_the_month_and_of_the_week_are_counted_as_cron_takes_them(text: str, days: list[int]) -> None:
    month = [date(2026, 3, day) for day in range(1, 32)]
    assert [day.day for day in month if most_matches(text, day, day)] == days
    assert most_matches(text, month[0], month[-1]) == len(days)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("0 9 1,15 * mon", ["0 9 1,15 * *", "0 9 * * mon"]),
        ("*/5 9 1 Jan MON-FRI", ["*/5 9 1 jan *", "*/5 9 * jan mon-fri"]),
        ("0 9 1 * *", ["0 9 1 * *"]),
        ("0  9 */2 * mon", ["0 9 */2 * mon"]),
    ],
)
def test_temporal_is_told_expressions_of_which_every_field_must_match(text: str, told: list[str]) -> None:
    assert conjunctions(text) == told


def test_a_schedule_that_passed_no_validation_is_a_configuration_fault() -> None:
    with pytest.raises(WorkflowFault) as caught:
        compile_schedule({"schedule": {"every": "P1M"}})
    assert caught.value.problem.instance == "/schedule"


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        ("PT0S", 1),
        ("PT0.2S", 1),
        ({"milliseconds": 1}, 1),
        ("PT1S", 1),
        ("PT1.5S", 1.5),
        ({"minutes": 2}, 120),
        ("P1M", 28 * 86_400),
    ],
)
def test_after_pauses_for_a_second_at_least(after: object, seconds: float) -> None:
    assert issues_of({"after": after}) == []
    schedule = compile_schedule({"schedule": {"after": after}})
    assert schedule is not None
    assert schedule.after is not None
    assert pause_of(schedule.after, datetime(2026, 2, 3, tzinfo=UTC)) == timedelta(seconds=seconds)

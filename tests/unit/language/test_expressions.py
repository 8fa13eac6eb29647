"""What expressions yield, how they fail, and what an evaluation leaves behind."""

import json
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import pytest

from workflows.language.expressions import DEFAULT_STEPS, ExpressionError, Fuel, compile_expression


def evaluate(source: str, dot: object = None, *, now: float = 0.0, **variables: object) -> object:
    return compile_expression(source).evaluate(dot, variables, fuel=Fuel(DEFAULT_STEPS), now=now)


@pytest.mark.parametrize(
    ("source", "dot", "expected"),
    [
        (".order.total * 1.2 | floor", {"order": {"total": 10}}, 12),
        (
            "[.items[] | select(.price > 10) | .name]",
            {"items": [{"name": "a", "price": 5}, {"name": "b", "price": 20}]},
            ["b"],
        ),
        (".items | map(.price) | add", {"items": [{"price": 5}, {"price": 20}]}, 25),
        ('"Hello \\(.name)!"', {"name": "Ada"}, "Hello Ada!"),
        ("{name, upper: (.name | ascii_upcase)}", {"name": "ada"}, {"name": "ada", "upper": "ADA"}),
        ('.missing.deeper // "default"', {}, "default"),
        ('if .age >= 18 then "adult" else "minor" end', {"age": 20}, "adult"),
        (
            "group_by(.k) | map({(.[0].k): map(.v)}) | add",
            [{"k": "b", "v": 1}, {"k": "a", "v": 2}, {"k": "b", "v": 3}],
            {"a": [2], "b": [1, 3]},
        ),
        (".a.b |= . + 1 | .c = 2", {"a": {"b": 1}}, {"a": {"b": 2}, "c": 2}),
        ("del(.secret, .list[0])", {"secret": 1, "list": [1, 2]}, {"list": [2]}),
        ("with_entries(.value += 1)", {"a": 1}, {"a": 2}),
        ("reduce .[] as [$k, $v] ({}; .[$k] = $v)", [["a", 1], ["b", 2]], {"a": 1, "b": 2}),
        ("def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac", 25, 15511210043330985984000000),
        ("[limit(3; repeat(1))]", None, [1, 1, 1]),
        ("try error({code: 7}) catch .code", None, 7),
        ("9007199254740993 + 1", None, 9007199254740994),
        ('"2024-02-29T12:00:00Z" | fromdate | todate', None, "2024-02-29T12:00:00Z"),
        (". as {a: $x, b: [$y]} ?// [$x, $y] | [$x, $y]", [1, 2], [1, 2]),
        ('[{key: null, value: 1}, {name: "n", value: 2}] | from_entries', None, {"null": 1, "n": 2}),
        ('"caf\u00e9" | @base32 | @base32d', None, "caf\u00e9"),
        ("[.[] | tojson]", [1.0, 1e17, "\u2028"], ["1", "1e+17", '"\u2028"']),
    ],
)
def test_programs(source: str, dot: object, expected: object) -> None:
    assert evaluate(source, dot) == expected


@pytest.mark.parametrize(
    ("source", "expected"), [("empty", None), ("1", 1), ("1, 2", [1, 2]), ("null", None), ("[empty]", [])]
)
def test_results_are_null_the_value_or_a_list(source: str, expected: object) -> None:
    assert evaluate(source) == expected


def test_variables_are_given_per_evaluation() -> None:
    assert evaluate("$context.user + $input", context={"user": "a"}, input="b") == "ab"


def test_a_variable_that_is_missing_is_null() -> None:
    assert evaluate("[$nowhere, $nowhere.field, $__prog_args] | all(. == null)") is True


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("$input.a", {"input"}),
        ('"\\($a)" + @text "\\($b)"', {"a", "b"}),
        (". as $bound | $bound + $free", {"free"}),
        ("$x as $x | $x", {"x"}),
        ("def f($p): $p + $q; f($r)", {"q", "r"}),
        (". as [$a, {b: $c}] | $a + $c + $d", {"d"}),
        ("reduce .[] as $i ($start; . + $i) | {$named}", {"start", "named"}),
        ("map(.x) | first(.[])", set()),
    ],
)
def test_free_variables(source: str, names: set[str]) -> None:
    assert compile_expression(source).variables == names


@pytest.mark.parametrize(
    ("source", "message", "column"),
    [
        (".a +", "ends too early", 4),
        ("1 ]", "Unexpected token", 3),
        ("1 ~ 2", "Unexpected character", 3),
        (".a | nothing(1)", "function nothing with 1 arguments is not defined", 6),
        ("1 | @nothing", "@nothing is not a format", 5),
        ("1 | break $out", "label $out is not defined", 11),
        ('"open', "Unterminated", None),
    ],
)
def test_errors_of_compiling_say_where(source: str, message: str, column: int | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    assert message in caught.value.message
    assert caught.value.column == column
    assert caught.value.source == source


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 + [2]", "number (1) and array ([2]) cannot be added"),
        (".a.b", 'Cannot index number with string ("b")'),
        ('error("my own")', "my own"),
        ("error({a: 1})", '{"a":1} (not a string)'),
        ("error", '{"a":1} (not a string)'),
        ("{a: 1} | keys[0] | tonumber", 'string ("a") cannot be parsed as a number'),
    ],
)
def test_errors_of_evaluating(source: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, {"a": 1})
    assert caught.value.message == message


@pytest.mark.parametrize(
    "source",
    [
        ".a[1] = 9 | .b.c |= 5",
        ".. |= .",
        "map_values(.)",
        "del(.a[0])",
        "to_entries",
        "walk(.)",
        ".a += [3]",
        "[.a, .a] | .[0][0] = 7",
        "delpaths([paths])",
        ".a |= map(. + 1)",
        'setpath(["a", 5]; 1)',
        ".a |= sort",
        ". as $same | .a |= (. + $same.a)",
        "reduce range(3) as $i (.; .a[$i] = $i)",
    ],
)
def test_inputs_are_never_changed(source: str) -> None:
    dot = {"a": [2, 1], "b": {"c": {"d": 1}}}
    before = deepcopy(dot)
    evaluate(source, dot)
    assert dot == before


def test_an_update_sees_the_earlier_ones_and_changes_nothing_that_they_kept() -> None:
    assert evaluate("(.a.b, .a, .x) |= [.]", {"a": {"b": 1}}) == {"a": [{"b": [1]}], "x": [None]}
    assert evaluate('(.a.b, .a, .c, .a.b) |= if type == "object" then . + {kept: .} else 1 end', {"a": {"b": 0}}) == {
        "a": {"b": 1, "kept": {"b": 1}},
        "c": 1,
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("infinite", 1.7976931348623157e308),
        ("[-infinite, nan]", [-1.7976931348623157e308, None]),
        ("1e1000", 1.7976931348623157e308),
        ("{a: [nan]}", {"a": [None]}),
        ("reduce range(12) as $i (2; . * .)", 1.7976931348623157e308),
        ("pow(10; 1e9)", 1.7976931348623157e308),
        ('"\\ud800"', "\ufffd"),
        ('"\\"\\\\ud800\\"" | fromjson', "\ufffd"),
    ],
)
def test_results_are_plain_json(source: str, expected: object) -> None:
    result = evaluate(source)
    assert result == expected
    json.dumps(result, allow_nan=False).encode()


def test_a_lone_surrogate_of_the_input_does_not_leave_a_computed_result() -> None:
    assert evaluate('{(.): [. + "x"]}', "\ud800") == {"\ufffd": ["\ufffdx"]}


def test_compiled_expressions_are_shared() -> None:
    assert compile_expression(".a.b.c") is compile_expression(".a.b.c")


def test_two_threads_do_not_see_each_other() -> None:
    def run(number: int) -> list[object]:
        fuel = Fuel(10**9)
        expression = compile_expression("def f($n): if $n == 0 then now + $x else f($n - 1) end; [f(50), now, $x]")
        return [expression.evaluate(None, {"x": number}, fuel=fuel, now=float(number)) for _ in range(50)]

    with ThreadPoolExecutor(4) as pool:
        for number, results in enumerate(pool.map(run, range(8))):
            assert results == [[2.0 * number, float(number), number]] * 50

"""The holes of jq, each closed: no expression reads the machine, never ends, or eats its memory."""

import pytest

from workflows.language.expressions import DEFAULT_STEPS, ExpressionError, Fuel, compile_expression

ENDLESS = "used up its"
TOO_LARGE = "over the limit"


def run(source: str, dot: object = None, steps: int = DEFAULT_STEPS, **variables: object) -> object:
    return compile_expression(source).evaluate(dot, variables, fuel=Fuel(steps))


@pytest.mark.parametrize(
    "source",
    [
        "env",
        "env.PATH",
        "$ENV",
        "$ENV.PATH",
        '"\\($ENV)"',
        "halt",
        "halt_error",
        "halt_error(1)",
        "input",
        "inputs",
        "[inputs]",
        "debug",
        'debug("x")',
        "stderr",
        "input_filename",
        "input_line_number",
        "get_search_list",
        "modulemeta",
        "localtime",
        'strflocaltime("%c")',
        'import "a" as $a; .',
        'include "a"; .',
        'import "a" as a; .',
        "def f: env; 1",
        "if false then halt else 1 end",
        "undefined_function",
        "map(.; .)",
        "_splice(1; 2)",
        "_modify(.a; 1)",
        "[1] | _sort_by(1)",
        "splits",
        "try env catch 1",
        "(env)?",
        "{a: env}",
        ". as {(env | keys[0]): $x} | $x",
        "reduce env as $x (0; 1)",
    ],
)
def test_what_is_refused_when_compiling(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


def test_a_function_of_the_expression_may_have_a_refused_name() -> None:
    assert run("def env: 1; def halt($x): $x; env + halt(2)") == 3


def test_definitions_of_the_expression_do_not_reach_into_builtins() -> None:
    source = 'def map(f): "mine"; def _modify(a; b): "mine"; def to_entries: "mine"; def select(f): "mine"; '
    data = [{"a": 2}, {"a": 1}]
    assert run(source + "sort_by(.a)", data) == [{"a": 1}, {"a": 2}]
    assert run(source + ".[0].a |= 3", data) == [{"a": 3}, {"a": 1}]
    assert run(source + "with_entries(.value += 1)", {"a": 1}) == {"a": 2}
    assert run(source + "[numbers], map(.)", 1) == [[1], "mine"]


def test_now_is_the_clock_that_is_given() -> None:
    assert compile_expression("now | todate").evaluate(None, {}, fuel=Fuel(100), now=86_400.5) == "1970-01-02T00:00:00Z"


@pytest.mark.parametrize(
    "source",
    [
        "def f: f; f",
        "def f: f, f; f",
        "repeat(1) | empty",
        "[repeat(1)]",
        "[range(1e9)]",
        "range(infinite) | empty",
        'reduce range(1e9) as $i (""; . + "x")',
        "last(range(1e9))",
        "[range(999)] | [.[] as $a | .[] as $b | $a]",
        "[limit(1e9; repeat(1))]",
        "until(false; .)",
        "[while(true; .)]",
        "first(repeat(empty))",
        "[range(20) | [range(20)]] | [combinations] | length",
        "label $x | repeat(1)",
        '"\\(range(1e9))"',
        "{(range(1e9) | tostring): 1}",
        "foreach range(1e9) as $i (0; . + $i) | empty",
        "isempty(repeat(empty))",
        "any(repeat(false); .)",
        "add(repeat(1))",
        "0 | [recurse(. + 1; . >= 0)] | length",
        "nth(1e9; repeat(1))",
        "[range(0; 1; 1e-9)]",
        "limit(1e18; repeat(1)) | empty",
        "[range(3000)] - [range(3000)]",
        "[range(1e4)] | [.[] | tostring] | combinations(3)",
        "path(repeat(.))",
        "fromstream(repeat([[0], 1]))",
    ],
)
def test_what_never_ends_runs_out_of_fuel(source: str) -> None:
    with pytest.raises(ExpressionError, match=ENDLESS):
        run(source)


@pytest.mark.parametrize(
    "source",
    [
        "try repeat(1) catch 1 | empty",
        "(def f: f; f)?",
        "def f: try f catch f; try (1 | error) catch (def g: g; g)",
        "try (def f: f; f) catch 1",
        "(def f: f; f) // 1",
        "[.[]?, (def f: f; f)?]",
        "label $x | try (def f: f; f) catch break $x",
        "def f: try error(1) catch f; f",
        "first(try repeat(empty) catch 1)",
        ". as [$a] ?// $a | repeat(empty)",
        "isvalid(repeat(empty))",
        '"x" | try until(false; .) catch .',
        'try ("x" * 1e8) catch 1',
        '("x" * 1e8)? // 1',
        "try (reduce range(60) as $i (1; [., .]) | tojson) catch 1",
    ],
)
def test_no_try_catches_the_end_of_the_fuel(source: str) -> None:
    with pytest.raises(ExpressionError, match=f"{ENDLESS}|{TOO_LARGE}"):
        run(source)


@pytest.mark.parametrize(
    "source",
    [
        '"x" * 1e8',
        '"x" * infinite',
        'reduce range(60) as $i ("x"; . + .)',
        "[range(3)] | .[1e12] = 1",
        ".[9999999] = 1",
        '[range(9) | "x" * 1000000] | join("")',
        '[range(9) | "x" * 1000000] | add',
        '"x" * 4000000 | @html "<\\(.)\\(.)>"',
        '"<" * 4000000 | @html',
        '"x" * 3000000 | split("")',
        '("x" * 4000000) as $x | [$x, $x]',
        "null | setpath([1e9]; 1)",
        '["x" * 2000000, "x"] | join("y" * 3000000)',
        '"\\u0000" * 4000000 | tojson',
        '"x" * 3000 | gsub("x"; "y" * 4000)',
    ],
)
def test_what_grows_is_refused_before_it_is_made(source: str) -> None:
    with pytest.raises(ExpressionError, match=f"{TOO_LARGE}|{ENDLESS}"):
        run(source)


@pytest.mark.parametrize(
    "walk",
    [
        "",
        "| tojson",
        "| @json",
        '| "\\(.)"',
        "| . == .",
        "| sort",
        "| unique",
        "| [..] | length",
        "| [paths] | length",
        "| flatten",
        "| walk(.)",
        "| contains([1])",
        "| .[0] - .[1]",
        "| group_by(.)",
        "| [tostream] | length",
        "| @base64",
        "| {a: .} * {a: .}",
        "| leaf_paths",
        "| INDEX(.)",
        "| bsearch(.)",
        "| min",
        "| .. |= 1",
        "| @text",
    ],
)
def test_shared_structure_that_doubles_is_bounded_when_it_is_walked(walk: str) -> None:
    with pytest.raises(ExpressionError, match=f"{TOO_LARGE}|{ENDLESS}"):
        run(f"reduce range(60) as $i (1; [., .]) {walk}")


def test_an_error_with_an_enormous_value_has_a_message() -> None:
    with pytest.raises(ExpressionError, match="too large to show"):
        run("reduce range(60) as $i (1; [., .]) | error")


@pytest.mark.parametrize(
    "source",
    [
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f: f | f; f",
        "def f: {a: f}; f",
        "def f: if f then 1 else 2 end; f",
        "def f: f?; f",
        "def f($x): f($x + 1) + 1; f(0)",
        "def f: path(f); f",
        "def f: (.a | f) |= 1; f",
        'def f: "\\(f)"; f',
        "def f: reduce f as $x (0; 1); f",
        "def f: label $x | f, 1; f",
        "def f: limit(1; f); f",
        "def f: first(f); f",
        "def f(g): f(g | g); f(.)",
        "reduce range(5000) as $i (null; [.])",
        "reduce range(5000) as $i (null; {a: .}) | tojson",
        "reduce range(999) as $i (null; [.]) | [..] | length",
        "reduce range(999) as $i (null; [.]) | sort",
        '("[" * 5000) + ("]" * 5000) | fromjson',
        "null | path(def f: .a | f; f)",
        "null | setpath([range(999)]; 1)",
        "null | getpath([range(999)])",
    ],
)
def test_depth_is_an_error_of_the_expression(source: str) -> None:
    with pytest.raises(ExpressionError):
        run(source)


def test_recursion_of_thousands_is_fine() -> None:
    assert run("def f($n): if $n == 0 then 0 else 1 + f($n - 1) end; f(4000)") == 4000
    assert run("0 | until(. >= 5000; . + 1)") == 5000
    assert run("[0 | while(. < 4000; . + 1)] | length") == 4000
    assert run("[0 | recurse(if . < 3999 then . + 1 else empty end)] | length") == 4000


@pytest.mark.parametrize(
    "source",
    [
        "[" * 4000,
        "(" * 30 + "1" + ")" * 30,
        "1" + "+1" * 3000,
        "." + "|." * 3000,
        "-" * 8000 + "1",
        "try " * 1500 + "1",
        '"\\(' * 90 + "1" + ')"' * 90,
        '"\\(' * 500,
        "9" * 8000,
        "{a:" * 2000,
        "if 1 then " * 500,
        ".a" + "?" * 8000,
        '"' + "x" * 9000 + '"',
        "1 as $x|" * 900 + "1",
        ". as [" + ",".join(f"$a{i}" for i in range(1300)) + "]|1",
        "",
        " ",
        "# only a comment",
        "\0",
        ". as [$a] ?// [$b]|" * 300 + "1",
    ],
)
def test_hostile_sources_are_errors(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


@pytest.mark.parametrize("pattern", ["(?=a)", "(?<!a)b", "(a)\\\\1", "a{1000}{1000}", "(", "(?P<n>"])
def test_a_pattern_that_re2_cannot_run_is_an_error(pattern: str) -> None:
    with pytest.raises(ExpressionError, match="is not a regular expression here"):
        run(f'"aaa" | test("{pattern}")')


def test_a_catastrophic_pattern_costs_like_any_other() -> None:
    def steps(pattern: str) -> int:
        fuel = Fuel(DEFAULT_STEPS)
        compile_expression("test($pattern)").evaluate("a" * 50_000 + "!", {"pattern": pattern}, fuel=fuel)
        return fuel.spent

    assert steps("^(a+)+$") < 3 * steps("^aaaaa+$")


def test_the_same_evaluation_spends_the_same() -> None:
    source = '[.[] | select(.n % 3 == 0) | .s | gsub("a"; "b")] | sort_by(length) | group_by(.) | tojson'
    data = [{"n": n, "s": "abc" * (n % 7)} for n in range(100)]
    spent: set[int] = set()
    for _ in range(3):
        fuel = Fuel(DEFAULT_STEPS)
        compile_expression.cache_clear()
        compile_expression(source).evaluate(data, {}, fuel=fuel)
        spent.add(fuel.spent)
    assert len(spent) == 1


@pytest.mark.parametrize(
    "source",
    [
        "tojson",
        "fromjson?, tojson",
        "map(tojson)",
        "sort",
        "sort_by(.s)",
        "group_by(.s)",
        "unique",
        "map(.s)",
        "to_entries",
        "[..]",
        "[paths]",
        "flatten",
        'map(.s) | join(",")',
        "map(.s | @base64)",
        'map(.s | test("zz"))',
        "map(.s) | add | explode",
        "@json",
        "tostring",
        "walk(.)",
        "map_values(.s)",
        "del(.[].s)",
        ". == .",
        "contains([])",
        "reverse",
        "[tostream]",
        'map(.s) | join("") | split("a")',
        'map(.s) | add | [scan("b")]',
        "map(.s) | min",
        "INDEX(.s)",
        "[.[] | .s]",
        "map(.s) | add | @uri",
        'map(.s) | add | gsub("a"; "x")',
        "any(.[]; .s == 1)",
        'map(has("s"))',
        "transpose?, [.[]?]",
    ],
)
def test_walking_more_data_costs_more(source: str) -> None:
    def steps(count: int) -> int:
        fuel = Fuel(10**9)
        data = [{"s": f"{'ab' * 10}{number}"} for number in range(count)]
        compile_expression(source).evaluate(data, {}, fuel=fuel, steps=10**9)
        return fuel.spent

    assert steps(1600) > 4 * steps(200)


def test_a_budget_is_shared_and_each_evaluation_takes_a_bounded_part() -> None:
    fuel = Fuel(3 * DEFAULT_STEPS)
    for _ in range(2):
        with pytest.raises(ExpressionError, match=ENDLESS):
            compile_expression("repeat(1) | empty").evaluate(None, {}, fuel=fuel)
    assert 2 * DEFAULT_STEPS < fuel.spent < 2 * DEFAULT_STEPS + 100
    assert compile_expression("1 + 1").evaluate(None, {}, fuel=fuel) == 2


def test_an_empty_budget_evaluates_nothing() -> None:
    fuel = Fuel(10)
    fuel.spend(10)
    with pytest.raises(ExpressionError, match=ENDLESS):
        compile_expression(".a").evaluate({}, {}, fuel=fuel)


def test_small_expressions_cost_few_steps() -> None:
    fuel = Fuel(1000)
    compile_expression(
        'if .status == "open" and (.amount | tonumber) > 5 then "\\(.name): \\(.amount)" else null end'
    ).evaluate({"status": "open", "amount": "7", "name": "n"}, {}, fuel=fuel)
    assert fuel.spent < 50

"""The same results as jq itself, which is a dependency of the tests alone."""

import jq
import pytest

from workflows.language.expressions import DEFAULT_STEPS, ExpressionError, Fuel, compile_expression

DATA = {
    "name": "Ada",
    "n": 3,
    "tags": ["x", "y", "z"],
    "nested": {"b": 2, "a": 1},
    "when": 1425599621,
    "rows": [{"k": "b", "v": 2}, {"k": "a", "v": 1}, {"k": "b", "v": 3}],
}

# One program a line.
ON_DATA = r"""
.name, .n
.tags[1:]
.rows[] | select(.k == "b") | .v
[.rows[] | .v] | add / length
.rows | group_by(.k) | map({k: .[0].k, total: (map(.v) | add)})
.rows | sort_by(.k, -.v)
.rows | sort_by(-.v) | map(.v)
.rows | unique_by(.k) | map(.v)
.rows | min_by(.v), max_by(.v)
.rows | INDEX(.k)
.rows | map(select(.v > 1) | .k)
.rows | map({(.k): .v})
.rows | any(.v > 2), all(.v > 2)
.rows |= map(.v)
.rows[].v |= . * 2
.rows[1:] = []
.rows[0] += {new: true}
.tags += ["z"] | .tags
.nested.deep.er //= "set"
.nested | to_entries | map("\(.key)=\(.value)") | join("&")
.nested | with_entries(.key |= ascii_upcase)
.nested | with_entries(select(.value > 1))
del(.rows, .nested)
del(.rows[0, 2].v)
del(.rows[] | select(.k == "a")) | .rows
delpaths([["rows", 0], ["name"]]) | keys
pick(.nested.a, .rows[1].v)
[paths]
[paths(type == "number")]
[.. | numbers]
[.. | strings]
[tostream]
fromstream(tostream)
[.rows[] | [.k, .v]] | transpose
[.rows[] as {k: $k, v: $v} | "\($k)\($v)"]
[.rows[] as {$k, v: $v} | {$k, $v}]
reduce .rows[] as $r ({}; .[$r.k] += $r.v)
[foreach .rows[] as {$v} (0; . + $v; [$v, .])]
[foreach .rows[] as $r (0; . + 1)]
[limit(2; .rows[])]
first(.rows[] | select(.v > 1))
[.rows[].v] | [index(2), rindex(2)]
.name | test("^A"), test("^a"; "i")
.name | [match("a"; "gi").offset]
.name | sub("(?<x>d)"; "<\(.x)>")
.name | gsub("[aeiou]"; "*")
.name | [scan("[a-z]")] | join("-")
.name | capture("(?<first>.)(?<rest>.*)")
.name | split("d")
.name | split("d"; null)
.name | explode | implode
.name | ascii_downcase, ascii_upcase
.name | @base64 | ., @base64d
.name | ltrimstr("A"), rtrimstr("a")
.name | .[1:], .[:-1]
.tags | @csv, @tsv, @json, @sh
.tags | join(", ")
.tags | map(length) | add
.tags | contains(["x"]), inside(["x", "y", "w"])
.tags | to_entries | map(.key)
.tags | index("y")
.tags as [$a, $b] | {a: $a, b: $b}
[.tags[], .name] | sort | unique
[.n, .nested.a] | min, max, add
.n | floor, sqrt, tostring, tojson
.nested | map_values(. + 1), map(. + 1), add, length
.nested | has("a", "zz")
.nested | keys_unsorted, (to_entries | from_entries)
walk(if type == "number" then . + 1 else . end)
walk(if type == "object" then del(.k) else . end)
path(.rows[] | select(.v == 2) | .k)
[path(..)] | length
getpath(["rows", 1, "v"]), getpath(["no", "where"])
setpath(["rows", 0, "v"]; 9) | .rows[0]
if .n > 1 then "big" elif .n == 1 then "one" else "small" end
[.rows[] | if .v > 1 then .k else empty end]
try error("\(.name)!") catch .
[.rows[] | try (if .v == 2 then error("two") else .v end) catch .]
[.rows[] | (.v | tostring)?, .missing.x?]
label $out | foreach .rows[] as $r (0; . + $r.v; if . > 2 then ., break $out else empty end)
def total(f): map(f) | add; .rows | total(.v)
def f($a; g): $a + (. | g); .n | f(1; . * 2)
[.rows[].v] | combinations(2)?
[[.rows[].v], .tags] | [combinations]
@text "n=\(.n)", @json "t=\(.tags)", @uri "q=\(.name + " &")", @html "<b>\("<" + .name)</b>"
.when | todate, (gmtime | mktime), strftime("%Y-%m-%d %H:%M:%S %j")
.when | todate | fromdate
{name, n, "x y": 1, (.name): 2, @base64 "\(.name)": 3}
{a: .rows[].v, b: (1, 2)}
[.rows[].v, null, true, "s", [1], {}] | sort
[.[] | type]
. == ., . < 1, . != null
tojson | fromjson == .
[.rows[] | .v as $x | .k as $y | [$x, $y]]
.rows | .[0], .[-1], .[99]
.rows | first, last, nth(1)
.rows | map(has("k")) | all
[.rows[] | .v] | until(length > 5; . + [0])
[range(.n)], [range(0; 10; .n)], [range(5; 0; -.n)]
[.n | while(. < 50; . * 2)]
[.n | recurse(if . < 20 then . * 3 else empty end)]
isempty(.rows[]), isempty(empty)
[.rows[].v] | IN([1, 2, 3], [1, 2])
any(.tags[]; . == "x"), all(.tags[]; . == "x")
[.rows[].v] | bsearch(2), flatten, reverse
.n as $n | [.rows[] | .v * $n]
[.tags[] | ascii_upcase] | tojson
[.tags | .[] |= . + "!"]
.tags |= (map(select(. != "x")))
(.tags[] | select(. == "x")) = "changed"
.rows |= map(select(.v != 2))
(.rows[] | select(.v == 2)) |= empty
.rows[].v -= 1 | .rows[].v /= 2 | .rows[].v %= 2 | .rows
limit(0; error), [skip(1; .rows[].v)]
add(.rows[].v), add(empty)
.tags | join("") | test("x.z"; "x")
.rows | map(.v) | @text
[.rows[] | {k} + {w: .v}]
.nested * {a: {b: 1}} | .a
.rows - [{"k": "a", "v": 1}] | length
"\(.name) has \(.tags | length) tags"
.name as $n | .rows | map($n + .k) | join(" ")
.rows | map(.k) | unique | length
.rows | [.[] | .v] | sort | .[length / 2 | floor]
.rows | to_entries | map(select(.key % 2 == 0) | .value.v)
"""

ON_NULL = r"""
[([1,2],[3,4])[0,1]]
["\(1,2) \(3,4)"]
[range(0,1;3,4)]
reduce range(3) as $i (0;empty)
"abc"|[match("";"g").offset]
try error(null) catch .
"abc"|sub("(?<x>b)";"1\(.x)","2")
[1,2,3]|IN(2)
"x"*1.5
[nan]|sort
[nan]|tojson
null|[.[1:3]]
"abc"|.[1:2]
"1,2"|split(", *";null)
nth(1;1,2,3)
65|[.]|implode
"2015-03-05T23:51:47Z"|strptime("%Y-%m-%dT%H:%M:%SZ")
1425599621.678|todate
[1,2]|tostream
[.]|tojson
-1%3
5%2.7
{a:1}*{a:{b:2}}
[1,1]|unique
["a b"]|@sh
{"a":[1,{"b":2}]}|[paths]
[3,1]|sort_by(.)
[infinite]|tojson
"abc"|test("B";"ix")
[[1,2],[1]]|transpose
getpath([0])
@json "x\([1])"
have_literal_numbers
[1,2,3]|bsearch(2)
"abcb"|indices("b")
[1,2,1,2]|indices([1,2])
tojson|fromjson
try error({a:1}) catch .
8|logb
8.5|modf
-8.5|round
[drem(5;3)]
limit(3;repeat(1))
getpath(["a",0])
tostring
[1,"2"]|map(tonumber)
"-1e3"|tonumber
getpath([])
{"a":1,"b":2}|pick(.b)
"aXbX"|[scan("X")]
"aXbX"|[scan("x";"i")]
getpath(["a"])|=3
try (null|error) catch .
true and (true,false)
[true,false|not]
"\ud83d\ude00"
["a"]|join(1)
"true"|toboolean
"%41"|@urid
first(1,error)
range(3;0;-1)
{a:1}|to_entries
{"b":1,"a":2}|tojson
{"b":1,"a":2}|to_entries
[1]|contains([1])
{a:[1,2]}|contains({a:[1]})
[1,2]|.[1.7]
null|.[{}]
"é"|length
."a"."b"
try error("x") catch .
.[0]|=1
[1,2,3]|(.[1,2])=9
tojson|@json
if empty then 1 else 2 end
if 1 then 2 elif 3 then 4 else 5 end
[1,{"b":2}]|. as [$a,{b:$c}]|[$a,$c]
{"a":1}|. as {$a}|$a
{"a":1}|. as {("a","b"):$x}|[$x]
def f($a;$b):$a+$b;f(1,2;3,4)
[recurse(if .<3 then .+1 else empty end)]
2|[recurse(.*.;.<100)]
[[1]]|[..]
[1,[2]]|[..|numbers]
tostream|tojson
fromstream([1,[2]]|tostream)
limit(1;empty)
[{"a":1}]|INDEX(.a)
[]|all
[3,1,2]|min,max
[{"a":2},{"a":1}]|min_by(.a),max_by(.a)
[{"a":2,"b":1},{"a":1,"b":2},{"a":2,"b":3}]|unique_by(.a)
1425599621|gmtime|mktime
-(1)
{"a":1,"b":2}|map_values(.+1)
{"a":1,"b":2}|map(.+1)
[1,2,3]|del(.[1:])
{"a":{"b":1}}|delpaths([["a","b"]])
"axbxc"|[splits("x")]
"axbxc"|split("X";"i")
[first(range(5))]
[nth(2;range(5))]
1|[while(.<10;.*2)]
@base64 "x\("hi")"
"a"|tojson
0.1+0.2
123456789012|tojson
getpath([1])
[1]<[1,0]
1|[limit(5; def r: .*2|(., r); r)]
[limit(3;"a"|repeat(.+"x"))]
"a"|test("\\d")
{"a":1}|[paths(type=="number")]
try ("a"|.[0]) catch .
[.]|.[0]+=1
{a:[1,2]}|[.a[]|.+1]
"a, b"|[splits(", ")]
{"a":{"b":2}}|tostream
{"a":"x"}|{(.a):1}
{a:1}|{a,b:2}
{if:1}
getpath(["a"]) as $x|$x
[1,2,3]|.[-2:]
.[1:2]
[nan]|unique
null+1
"a"=="a"
true<false
"b">"a"
0 or 1
(1,null,2)//3
[empty//3]
[range(2.5)]
def rep(f): def _r: .|(f,_r); _r; 1|[limit(5;rep(.*2))]
try (error("x")//error("y")) catch .
{"a":[1,2]}|path(.a[0]//.a[1])
[1]|path(.[]|select(.>0))
[1,2]|path(limit(1;.[]))
path(.a as $x|.b)
path(label $f|.a,break $f)
null|.[2]=1
[1,2,3,4]|.[1:3]|=map(.*2)
[1,2,3]|del(.[-1])
{"a":1}|del(.b)
del(.)
{"a":1}|setpath(["b"];2)
[1]|setpath([];2)
"test"|[match("(t)(x)?";"g")|.captures]|tojson
"aaa"|sub("a";"b";"g")
"foo bar"|[scan("\\w+")]
"foo"|[match("o";"g")|.offset]
"abc"|test(["B","i"])
"aB"|ascii_upcase
[1,2]|implode
"\u00e9"|@uri
[1,null,true,"x\"y"]|@csv
[1,"a b",null]|@sh
[1]|@json
"x"|@base64
"w6k="|@base64d
try (1,error("x"),3) catch .
try error("\(1)") catch .
try (try error("x") catch error("z")) catch .
[range(5)|if .==3 then empty else . end]
[foreach (1,2) as $x (0,10;.+$x)]
[foreach (1,2) as $x (0;(.+$x,.*2);.)]
[limit(3;foreach range(10) as $x (0;.+$x))]
"\(1+2) and \("x")"
"ax"|rtrimstr("x")
[1,2,3]|index(2)
"a,b"|index(",")
[1,2,1]|rindex(1)
{"a":1}|has("b")
"a"|in({"a":1})
[[1],[2]]|flatten
[{"a":1}]|map(has("a"))
"1 2"|try fromjson catch "bad"
12.5|floor,ceil,round,sqrt
0|log
10|log10
[1,2]|min_by(-.)
fma(2;3;4)
fmax(1;2)
scalb(1;2)
[1,2,3]|[skip(1;.[])]
first(empty)//1
[0|while(.<3;.+1)]
{"a":[{"b":1}]}|[..|.b?]
[[1,2],[3]]|map(add)
[["a",1]]|map({(.[0]):.[1]})|add
[1,1,2]|unique_by(.%2)
"abc"|[.[1:],.[:1],.[-1:]]
0|strftime("%Y")
[2020,0,1,0,0,0,0,0]|todate
[limit(5;range(1;1e9))]
[1,2,3]|.[1]|.
[true,1]|all
[[0,1],[2]]|[combinations]
[[1,2],[3,4]]|transpose
IN([1,2][];1)
tostream
fromstream({"a":[1]}|tostream)
[1,2]|add(.[])
[1,2]|pick(first)
null|not
.a.b.c
."a-b"
try ([]|.a) catch .
try (1|keys) catch .
try (1|map(.)) catch .
try ("a"|tonumber) catch .
try ({}|.a.b.c=1|.a+1) catch .
try ("a"|test(1)) catch .
try ("a"|ltrimstr(1)) catch .
try error({}) catch .
try ({}|ascii_downcase) catch .
try ("a"|add) catch .
try (1|tojson|error) catch .
try (1|contains("a")) catch .
try (1|@csv) catch .
try (1|indices(1)) catch .
try (1|error(null)) catch .
"""

FAILING = r"""
[limit(-1;1,2)]
path(1)
[1,null]|path(.[0]|1)
splits
1%0.5
[1]|.[1e9]=1
abs
trim
[1]|flatten(-1)
error
error({a:1})
significand
[[1,2]]|from_entries
"abc"|tonumber
" 1"|tonumber
"0x1"|tonumber
utf8bytelength
to_number?
trimstr("a")
"x"|error(null)
getpath
[[1]]|join(",")
toboolean
limit(1;error)
isempty(error)
1|contains("a")
[1,2]|.[null]
{}|.[1]
"a"|.[0]
null|.[[1]]
true|length
.a-=1
.a*=2
break $x
all
GROUP_BY(1)
todate
"2015-03-05T23:51:47Z"|dateadd("seconds";10)
gmtime
-"a"
1|delpaths([["a"]])
[repeat(.;3)]?
"\(1;2)"?
"!"|@base64d
1|[limit(5;repeat(.+1;.))]?
1|.[1:2]
{}|.[1:2]
null*1
{}*1
[]-1
1/0
"a"/0
5%0
1+"a"
{}-{}
[1]*2
[error//3]
[(1,error)//3]
range("a")
[range(1;"a")]
[error("x")//3]
[(1,error("x"))//3]
[(null,error("x"))//3]
[.a,.b]|=3
[3,2]|(sort|.[0])=1
{"a":1}|.[0]=1
[1]|.["a"]=1
1|.a=1
"abc"|.[0:1]="x"
1|del(.a)
[1]|del(.a)
{"a":1}|setpath("a";1)
["a"]|implode
[[1]]|@csv
1 as [$a]|$a
1|startswith("a")
1|has("a")
[1]|has("a")
nearbyint
@base32d
nth(-1;1)
try ([]|join(1;2))? catch .
try (1|splits) catch .
"""


def lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def of_jq(source: str, dot: object) -> object:
    results = jq.compile(source).input_value(dot).all()
    return results[0] if len(results) == 1 else results or None


def ours(source: str, dot: object) -> object:
    return compile_expression(source).evaluate(dot, {}, fuel=Fuel(DEFAULT_STEPS))


@pytest.mark.parametrize("source", lines(ON_DATA))
def test_on_data(source: str) -> None:
    assert ours(source, DATA) == of_jq(source, DATA)


@pytest.mark.parametrize("source", lines(ON_NULL))
def test_on_null(source: str) -> None:
    assert ours(source, None) == of_jq(source, None)


@pytest.mark.parametrize("source", lines(FAILING))
def test_what_jq_refuses_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        of_jq(source, None)
    with pytest.raises(ExpressionError):
        ours(source, None)

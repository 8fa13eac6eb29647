"""All that an expression may call: the builtins in Python, and those that jq's own language says best."""

from workflows.language.expressions.arrays import COLLECTIONS
from workflows.language.expressions.bindings import BINDINGS, define
from workflows.language.expressions.dates import DATES
from workflows.language.expressions.forms import FORMS
from workflows.language.expressions.maths import MATHS
from workflows.language.expressions.names import Definition, Globals, Names
from workflows.language.expressions.nodes import NODES
from workflows.language.expressions.regex import REGEX
from workflows.language.expressions.syntax import Tree, parse
from workflows.language.expressions.texts import TEXTS

# Selections and loops.
_LOOPS = """
def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type == "array" or type == "object");
def scalars: select(type != "array" and type != "object");
def recurse(f): def r: ., (f | r); r;
def recurse(f; condition): def r: ., (f | select(condition) | r); r;
def until(condition; update): def r: if condition then . else (update | r) end; r;
def while(condition; update): def r: if condition then ., (update | r) else empty end; r;
def repeat(f): def r: f, r; r;
def skip($n; f): if $n < 0 then error("skip doesn't support negative count")
  else foreach f as $item (0; . + 1; if . > $n then $item else empty end) end;
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices")
  else first(skip($n; f)) end;
def first: .[0];
def last: .[-1];
def isempty(f): label $found | (f | false, break $found), true;
def any(f; condition): isempty(first(f | condition | select(.))) | not;
def all(f; condition): isempty(first(f | condition | select(. | not)));
def any(f): any(.[]; f);
def all(f): all(.[]; f);
def any: any(.);
def all: all(.);
def add(f): reduce f as $x (null; . + $x);
def isvalid(f): try (f | true) catch false;
def IN(stream): any(stream == .; .);
def IN(source; stream): any(source == stream; .);
.
"""

# Arrays, objects and paths.
_SHAPES = """
def walk(f): def r: if type == "array" then map(r) elif type == "object" then map_values(r) else . end | f; r;
def paths: path(..) | select(length > 0);
def paths(f): . as $whole | paths | select(. as $path | $whole | getpath($path) | f);
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $whole | reduce path(f) as $path (null; setpath($path; $whole | getpath($path)));
def in(xs): . as $key | xs | has($key);
def inside(xs): . as $part | xs | contains($part);
def index($x): indices($x) | .[0];
def rindex($x): indices($x) | .[-1:][0];
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $rest | [$x] + $rest end;
def combinations(n): . as $items | [range(n)] | map($items) | combinations;
def toarray: if type == "array" then . else [.] end;
def tostream: path(def r: (.[]? | r), .; r) as $path | getpath($path)
  | reduce path(.[]?) as $child ([$path, .]; [$path + $child]);
def fromstream(f): {x: null, e: false} as $start | foreach f as $i ($start;
  if .e then $start else . end | if $i | length == 2
  then setpath(["e"]; $i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
  else setpath(["e"]; $i[0] | length == 1) end;
  if .e then .x else empty end);
def truncate_stream(stream): . as $n | null | stream | . as $event
  | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; join): stream | [., $index[f]] | join;
.
"""

# Text and dates.
_TEXTS = """
def match(re; flags): _match(re; flags) | .[];
def match(re): match(re; null);
def capture(re; flags): match(re; flags) | _captures;
def capture(re): capture(re; null);
def scan(re; $flags): match(re; "g" + $flags) | if .captures | length > 0 then [.captures[].string] else .string end;
def scan(re): scan(re; null);
def split($re; $flags): . as $text | _match($re; "g" + $flags) as $found
  | [0, ($found[] | .offset + .length)] as $starts | [($found[].offset), ($text | length)] as $ends
  | [range($starts | length) as $i | $text[$starts[$i]:$ends[$i]]];
def splits($re; flags): split($re; flags) | .[];
def splits($re): splits($re; null);
def sub($re; f; $flags): . as $text | _match($re; $flags) as $found | [$found[] | [_captures | f]] as $texts
  | if $found == [] then $text
    else range($texts | map(length) | min) as $i | $text | _splice($found; $texts | map(.[$i])) end;
def sub($re; f): sub($re; f; null);
def gsub($re; f; $flags): sub($re; f; $flags + "g");
def gsub($re; f): sub($re; f; "g");
def ascii: [.] | implode;
def trimstr($x): ltrimstr($x) | rtrimstr($x);
def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: todate;
def fromdateiso8601: fromdate;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
.
"""


def _library() -> Globals:
    known = Globals({**NODES, **BINDINGS}, {**COLLECTIONS, **TEXTS, **MATHS, **DATES, **REGEX}, FORMS)
    found: list[Tree] = []
    for source in (_LOOPS, _SHAPES, _TEXTS):
        tree = parse(source)
        while tree[0] == "funcdef":
            found.append(tree)
            tree = tree[4]
    for _, name, parameters, _, _ in found:  # all are known before the first is compiled: they call each other
        keys = [parameter.removeprefix("$") + "/0" for parameter in parameters]
        known.definitions[f"{name}/{len(keys)}"] = Definition(keys)
    for _, name, parameters, body, _ in found:
        define(name, parameters, body, Names(name, known, inner=True), known.definitions[f"{name}/{len(parameters)}"])
    return known


LIBRARY = _library()

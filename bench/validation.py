"""How long validation takes: a document of 200 tasks that nobody has seen, beside parsing the same JSON."""

import json
import statistics
import time
from collections.abc import Callable

from workflows.language.documents import normalise
from workflows.language.issues import errors_of
from workflows.language.validation import validate

TASKS = 200
ROUNDS = 15
LIMIT_MS = 50.0


def document_of(salt: int) -> dict[str, object]:
    """Tasks of every common kind; the salt makes each expression one that was never compiled before."""
    tasks: list[object] = []
    for n in range(TASKS // 5):
        name = f"v{salt}_{n}"
        row = {"call": "create-row", "with": {"table": "deals", "values": {"title": f"${{ .{name} }}"}}}
        tasks += [
            {
                f"set{n}": {
                    "if": f".{name} > {n}",
                    "set": {"x": f"${{ .{name} + {n} }}", "y": [1, f'${{ $context.{name} // "none" }}']},
                    "export": {"as": f"${{ $context + {{{name}: .x}} }}"},
                }
            },
            {
                f"fetch{n}": {
                    "call": "http",
                    "with": {
                        "method": "post",
                        "endpoint": "https://example.com/{id}",
                        "body": {"n": f"${{ .{name} * 2 }}"},
                    },
                    "output": {"as": f".{name} | {{id, name}}"},
                    "timeout": {"after": "PT5S"},
                }
            },
            {
                f"choose{n}": {
                    "switch": [{"a": {"when": f".{name} == {n}", "then": "continue"}}, {"b": {"then": f"try{n}"}}]
                }
            },
            {
                f"try{n}": {
                    "try": [{"row": row}],
                    "catch": {
                        "errors": {"with": {"status": 500}},
                        "retry": {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 3}}},
                    },
                }
            },
        ]
    return normalise({"do": tasks}, "bench")


def milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def main() -> None:
    texts = [json.dumps(document_of(salt)) for salt in range(ROUNDS)]
    validate(document_of(-1))  # what is made once a process
    parsing = [milliseconds(lambda text=text: json.loads(text)) for text in texts]
    documents = [json.loads(text) for text in texts]
    issues = [errors_of(validate(document_of(ROUNDS)))]
    validating = [milliseconds(lambda each=each: issues.append(errors_of(validate(each)))) for each in documents]
    again = milliseconds(lambda: validate(documents[0]))
    print(f"{TASKS} tasks, {len(texts[0]):,} bytes of JSON, {ROUNDS} documents, ms of processor time")
    print(f"parse the JSON            median {statistics.median(parsing):6.2f}  worst {max(parsing):6.2f}")
    print(f"validate, never seen      median {statistics.median(validating):6.2f}  worst {max(validating):6.2f}")
    print(f"validate, seen before            {again:6.2f}")
    if any(issues):
        raise SystemExit(f"the document is not valid: {issues}")
    if statistics.median(validating) > LIMIT_MS:
        raise SystemExit(f"validation takes longer than {LIMIT_MS:g} ms")


if __name__ == "__main__":
    main()

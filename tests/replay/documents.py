"""What is recorded: documents that between them use every kind of task, call and ending."""

from typing import Any

Document = dict[str, Any]

_CONTACT = {"call": "create-row", "with": {"table": "contacts", "values": {"type": "individual", "first_name": "Ada"}}}
_REFUSE = {"raise": {"error": {"type": "https://example.com/errors/refused", "status": 400, "title": "Refused"}}}

DOCUMENTS: dict[str, Document] = {
    "pure": {
        "do": [
            {"numbers": {"set": {"all": [1, 2, 3]}, "export": {"as": "${ {seen: .all} }"}}},
            {"sum": {"for": {"in": ".all", "each": "n"}, "do": [{"add": {"set": "${ {all, total: (.total + $n)} }"}}]}},
            {"choose": {"switch": [{"many": {"when": ".total > 5", "then": "big"}}, {"else": {"then": "end"}}]}},
            {"skipped": {"set": {"never": True}}},
            {"big": {"set": "${ {total, seen: $context.seen} }"}},
        ]
    },
    "rows": {
        "do": [
            {"one": _CONTACT},
            {
                "two": {
                    "call": "update-row",
                    "with": {"table": "contacts", "id": "${ .id }", "values": {"last_name": "L"}},
                }
            },
            {"three": {"call": "get-row", "with": {"table": "contacts", "id": "${ .id }"}}},
            {"four": {"call": "query-rows", "with": {"table": "contacts", "filter": {"first_name": "Ada"}}}},
            {"five": {"call": "delete-row", "with": {"table": "contacts", "id": "${ .[0].id }"}}},
        ]
    },
    "rolled_back": {
        "do": [
            {"one": _CONTACT},
            {"two": {"set": {"a": 1}, "metadata": {"compensate": [{"undo": {"set": {"undone": True}}}]}}},
            {"refuse": _REFUSE},
        ]
    },
    "forked": {
        "do": [
            {
                "both": {
                    "fork": {"branches": [{"left": _CONTACT}, {"right": {"wait": {"seconds": 1}}}]},
                }
            },
            {
                "race": {
                    "fork": {
                        "compete": True,
                        "branches": [{"slow": {"wait": {"seconds": 30}}}, {"quick": {"set": {"won": True}}}],
                    }
                }
            },
        ]
    },
    "caught": {
        "do": [
            {
                "careful": {
                    "try": [{"one": _CONTACT}, {"refuse": _REFUSE}],
                    "metadata": {"rollback": True},
                    "catch": {
                        "as": "problem",
                        "retry": {"delay": {"milliseconds": 100}, "limit": {"attempt": {"count": 2}}},
                        "do": [{"after": {"set": "${ {caught: $problem.title} }"}}],
                    },
                }
            }
        ]
    },
    "timed_out": {"do": [{"one": _CONTACT}, {"long": {"wait": {"minutes": 5}, "timeout": {"after": {"seconds": 1}}}}]},
    "breathing": {
        "do": [{"many": {"for": {"in": "${ [range(1200)] }"}, "do": [{"one": {"set": {"i": "${ $index }"}}}]}}]
    },
}

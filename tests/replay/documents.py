"""What is recorded: documents that between them use every kind of task, call and ending."""

from typing import Any

Document = dict[str, Any]

CONTACT = {"call": "create-row", "with": {"table": "contacts", "values": {"type": "individual", "first_name": "Ada"}}}
_REFUSE = {"raise": {"error": {"type": "https://example.com/errors/refused", "status": 400, "title": "Refused"}}}


def _caught(kind: str, **arguments: Any) -> Document:
    """A call whose error is the output."""
    call = {"call": kind, "with": arguments, "timeout": {"after": {"seconds": 4}}}
    return {"try": [{"ask": call}], "catch": {"as": "error", "do": [{"told": {"set": {"error": "${ $error }"}}}]}}


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
            {"one": CONTACT},
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
            {"one": CONTACT},
            {"two": {"set": {"a": 1}, "metadata": {"compensate": [{"undo": {"set": {"undone": True}}}]}}},
            {"refuse": _REFUSE},
        ]
    },
    "forked": {
        "do": [
            {
                "both": {
                    "fork": {"branches": [{"left": CONTACT}, {"right": {"wait": {"seconds": 1}}}]},
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
                    "try": [{"one": CONTACT}, {"refuse": _REFUSE}],
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
    "timed_out": {"do": [{"one": CONTACT}, {"long": {"wait": {"minutes": 5}, "timeout": {"after": {"seconds": 1}}}}]},
    "breathing": {
        "do": [{"many": {"for": {"in": "${ [range(1200)] }"}, "do": [{"one": {"set": {"i": "${ $index }"}}}]}}]
    },
    "waiting": {"do": [{"one": CONTACT}, {"nap": {"wait": {"seconds": 6}}}, {"two": CONTACT}]},
    # Recorded with ZILLIANCE_WORKFLOW__EVENTS_A_RUN=20: what is replayed is the last of several runs.
    "handed_over": {
        "do": [
            {"one": CONTACT},
            {"loop": {"for": {"in": "${ [range(30)] }"}, "do": [{"two": CONTACT}]}},
            {"big": {"set": '${ {text: ("x" * 40000)} }'}},
            {"refuse": _REFUSE},
        ]
    },
    # To addresses that are refused, so that nothing outside is needed; what is recorded is how calls are made.
    "called": {
        "use": {"secrets": ["absent"]},
        "do": [
            {"short": _caught("http", method="GET", endpoint="http://127.0.0.1/")},
            {"long": _caught("http", method="POST", endpoint="http://127.0.0.1/", body="${ . }")},
            {"late": _caught("http", method="POST", endpoint="http://127.0.0.1/", body="${ $secrets.absent }")},
            {"described": _caught("openapi", document={"endpoint": "http://127.0.0.1/api.json"}, operationId="read")},
        ],
    },
    "functions": {
        "do": [
            {"each": {"call": "map-parallel", "with": {"in": [1, 2, 3], "concurrency": 2, "do": [{"one": CONTACT}]}}},
            {"line": {"call": "log", "with": {"message": "three contacts"}}},
            {"tell": {"call": "send-email", "with": {"to": "ada@example.com", "subject": "Hello", "text": "there"}}},
            {"back": {"call": "rollback", "with": {"reason": "enough"}}},
        ]
    },
    # Of an endpoint that is nobody's; what is recorded is how it is called.
    "gateway": {
        "do": [
            {"one": CONTACT},
            {"ask": _caught("gateway-request", endpointId="01900000-0000-7000-8000-000000000000", path="/orders")},
        ]
    },
    "models": {
        "do": [
            {"ask": {"call": "ai-chat", "with": {"prompt": "What is a history?", "maxTokens": 100}}},
            {"refused": _caught("ai-chat", prompt="x", model="somebody/else")},
        ]
    },
    "asked": {
        "do": [
            {
                "careful": {
                    "try": [
                        {
                            "ask": {
                                "call": "request-approval",
                                "with": {"title": "Really?", "role": "moderator", "timeout": "PT1S"},
                            }
                        }
                    ],
                    "catch": {"do": [{"late": {"set": {"decided": False}}}]},
                }
            }
        ]
    },
    "sub_workflow": {
        "do": [
            {"one": CONTACT},
            {"run": {"run": {"workflow": {"namespace": "default", "name": "forked"}}}},
            {"refuse": _REFUSE},
        ]
    },
    "tutorial": {
        "do": [
            {"one": CONTACT},
            {"write": {"call": "generate-tutorial", "with": {"topic": "Knots for sailors", "steps": 2}}},
            {"refuse": _REFUSE},
        ]
    },
    "video": {
        "do": [
            {"one": CONTACT},
            {
                "keep": {
                    "call": "put-object",
                    "with": {
                        "bucket": "videos",
                        "path": '${ .user_id + "/film.mp4" }',
                        "content": "no film",
                        "contentType": "video/mp4",
                    },
                }
            },
            {
                "video": {
                    "call": "create-row",
                    "with": {"table": "videos", "values": {"title": "A film", "storage_path": "${ .path }"}},
                }
            },
            {"process": {"call": "process-video", "with": {"id": "${ .id }"}}},
        ]
    },
    "events": {
        "do": [
            {"tell": {"emit": {"event": {"with": {"type": "com.example.told", "data": {"n": 1}}}}}},
            {
                "hear": {
                    "try": [
                        {
                            "wait": {
                                "listen": {"to": {"one": {"with": {"type": "com.example.never"}}}},
                                "timeout": {"after": "PT1S"},
                            }
                        }
                    ],
                    "catch": {"do": [{"late": {"set": {"heard": False}}}]},
                }
            },
        ]
    },
}

# Runs that functions begin: which function, what it is asked, and what the stand-in for a model is to say meanwhile.
_TUTORIAL = {"topic": "Knots for sailors", "level": "beginner", "steps": 5}
RUNS: dict[str, Document] = {
    "tutorial_written": {"function": "generate-tutorial", "body": _TUTORIAL, "scenes": []},
    "tutorial_mended": {
        "function": "generate-tutorial",
        "body": _TUTORIAL,
        "scenes": [
            {"match": '"number": 2', "text": "no JSON", "times": 1},
            {"match": "does not match", "text": "no JSON", "times": 1},
        ],
    },
    "tutorial_failed": {
        "function": "generate-tutorial",
        "body": _TUTORIAL,
        "scenes": [{"match": '"number": 3', "status": 402, "times": 20}],
    },
}

# What is begun by a retry, by a job, and by schedules.
_KEPT = {**CONTACT, "with": {**CONTACT["with"], "rollback": "none"}}
BEGUN: dict[str, Document] = {
    "retried": {"do": [{"one": _KEPT}, {"sum": {"set": "${ {n: 2} }"}}, {"refuse": _REFUSE}]},
    "job": {"do": [{"sum": {"set": "${ {n: 2} }"}}, {"refuse": _REFUSE}]},
    "fired": {
        "document": {"metadata": {"schedule": {"overlap": "skip"}}},
        "schedule": {"every": {"seconds": 2}},
        "do": [{"one": CONTACT}],
    },
    "ran_after": {"schedule": {"after": {"seconds": 1}}, "do": [{"one": CONTACT}]},
}

"""Functions that steer the workflow itself: its rollback, its log, work on many items at once."""

from workflows.language.catalogue.function import Function, Performer

MOST_ITEMS = 1_000
MOST_AT_ONCE = 50
USUAL_AT_ONCE = 10

CONTROL_FUNCTIONS = (
    Function(
        name="rollback",
        description="Undo what was done so far, in reverse order, and go on with the next task.",
        arguments={
            "scope": {
                "type": "string",
                "enum": ["workflow", "block"],
                "default": "workflow",
                "description": "block: only what the list of tasks around the call has done",
            },
            "reason": {"type": "string", "maxLength": 1000, "description": "what compensations see as $error.detail"},
        },
        required=(),
        output={
            "type": "object",
            "properties": {
                "status": {"enum": ["none", "completed", "partial"]},
                "steps": {"type": "array", "items": {"type": "object"}},
            },
        },
        performer=Performer.ROLLBACK,
        seconds=None,
        idempotency="each undo happens once",
    ),
    Function(
        name="log",
        description="Write a line to the execution's task log; the data passes unchanged.",
        arguments={
            "message": {"type": "string", "maxLength": 4096, "description": "the line"},
            "level": {"type": "string", "enum": ["debug", "info", "warn", "error"], "default": "info"},
        },
        required=("message",),
        output={"description": "the task's input, unchanged"},
        performer=Performer.LOG,
        seconds=None,
        idempotency="part of the task log",
    ),
    Function(
        name="map-parallel",
        description="Run tasks for each item of a collection, several items at the same time.",
        arguments={
            "in": {
                "type": ["array", "null"],
                "description": f"the items, at most {MOST_ITEMS:,}",
            },
            "each": {"type": "string", "default": "item", "description": "the variable that holds the item"},
            "at": {"type": "string", "default": "index", "description": "the variable that holds its index"},
            "concurrency": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_AT_ONCE,
                "default": USUAL_AT_ONCE,
                "description": "how many items at the same time",
            },
            "do": {"type": "array", "minItems": 1, "description": "the tasks, whose first input is the item"},
        },
        required=("in", "do"),
        output={"type": "array", "description": "what the tasks gave for each item, in the order of the items"},
        performer=Performer.PARALLEL,
        seconds=None,
        idempotency="as its tasks are",
        undo="as its tasks are undone, in reverse order of completion",
        lists=("do",),
    ),
)

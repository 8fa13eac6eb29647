"""Values that together are more than one message to Temporal can hold: runs end all the same, and with a rollback."""

from tests.workflows.running import Row, Runner, create, fail


def _fork(number: int, task: Row) -> Row:
    return {"fork": {"branches": [{f"b{index}": task} for index in range(number)]}}


async def test_branches_that_read_more_than_a_message_holds(runner: Runner) -> None:
    tutorial = {"table": "tutorials", "values": {"title": "a long one", "content": '${ "y" * 600000 }'}}
    # What others have published is read, too.
    own = '[.[] | select(.title == "a long one")] | length'
    read = {"call": "query-rows", "with": {"table": "tutorials"}, "output": {"as": own}}
    row = await runner.run({"make": {"call": "create-row", "with": tutorial}}, {"read": _fork(12, read)})
    assert (row["status"], row["result_data"]) == ("completed", [1] * 12)


async def test_a_request_that_no_message_holds_is_refused_and_rolled_back(runner: Runner) -> None:
    post = {
        "call": "http",
        # Quoted twice on its way, each line break takes four times its room.
        "with": {"method": "POST", "endpoint": "https://api.example.com/", "body": '${ "\\n" * 3000000 }'},
    }
    row = await runner.run(create("a", "Ada"), {"post": post})
    assert (row["status"], row["error"]["status"], row["error"]["instance"]) == ("failed", 413, "/do/1/post")
    assert row["result_data"]["rollback"]["status"] == "completed"


async def test_branches_that_send_more_than_a_message_holds(runner: Runner) -> None:
    """What they ask is refused by the guard, after it has travelled."""
    with_body = {"method": "POST", "endpoint": "http://10.0.0.1/", "body": '${ "x" * 700000 }'}
    caught = {
        "try": [{"post": {"call": "http", "with": with_body}}],
        "catch": {"as": "e", "do": [{"s": {"set": "${ $e.title }"}}]},
    }
    row = await runner.run({"send": _fork(8, caught)})
    assert (row["status"], row["result_data"]) == ("completed", ["Refused"] * 8)


async def test_branches_that_compute_at_the_same_moment_end(runner: Runner) -> None:
    """Temporal stops an activation that runs over two seconds, and would begin it again for ever."""
    heavy = {"set": "${ [range(30000)] | map(. * 2) | add }"}
    row = await runner.run({"compute": _fork(20, heavy)}, fail("late"))
    assert row["error"]["instance"] == "/do/1/late"

"""Through the data API nobody learns of another tenant's row, whatever they ask."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import models
from models.registry import TABLES
from tests.canary.conftest import OPEN, STRANGERS
from tests.canary.embed_asks import Edge, edges, embeds
from tests.canary.exchange import NEEDLE, Ask, Caller
from tests.canary.planting import Planted, references
from tests.canary.table_asks import changes, inserts, reads, referring

pytestmark = pytest.mark.usefixtures("own")
Everybody = Mapping[str, Caller]
Rows = Mapping[str, Planted]
REST = "/rest/v1"


@pytest.mark.parametrize("table", [table for table in TABLES if table != "user_roles"])
async def test_the_canary_is_where_its_owner_reads_it(table: str, everybody: Everybody, planted: Rows) -> None:
    """And so the search finds it, and tells the row from its decoy."""
    told = await everybody["owner"].search(REST, [Ask("GET", f"{table}?id=eq.{NEEDLE}", "id")], planted[table].needles)
    assert any(fault.endswith(f" tells {planted[table].needles['mark'][0]}") for fault in told)
    assert any(" from " in fault for fault in told)


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_reads(table: str, caller: str, everybody: Everybody, planted: Rows) -> None:
    # Of a table that is open by design, nothing is a secret but what it might tell of others.
    asks = (ask for ask in reads(table) if ask.needle is None or (table, caller) not in OPEN)
    assert await everybody[caller].search(REST, asks, planted[table].needles) == []


@pytest.mark.parametrize("edge", edges(), ids=str)
async def test_embeds(edge: Edge, everybody: Everybody, planted: Rows) -> None:
    for caller in STRANGERS:
        assert await everybody[caller].search(REST, embeds(edge), planted[edge.target].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_changes(table: str, caller: str, everybody: Everybody, planted: Rows) -> None:
    asks = changes(table)
    if (table, caller) == ("tutorials", "moderator"):
        asks = (ask for ask in asks if ask.method != "PATCH")  # moderators may, so they are told why not so
    assert await everybody[caller].search(REST, asks, planted[table].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("table", TABLES)
async def test_inserts(table: str, caller: str, everybody: Everybody, planted: Rows, own: Rows) -> None:
    assert await everybody[caller].search(REST, inserts(table, own[table].id), planted[table].needles) == []


@pytest.mark.parametrize("caller", STRANGERS)
@pytest.mark.parametrize("table", [table for table in TABLES if references(table)])
async def test_references(table: str, caller: str, everybody: Everybody, planted: Rows, own: Rows) -> None:
    for target, ask in referring(table, own[table].id):
        assert await everybody[caller].search(REST, [ask], planted[target].needles) == []


FUNCTIONS = {
    "has_role": ("profiles", {"_user_id": NEEDLE, "_role": "user"}),
    "get_user_roles": ("profiles", {"_user_id": NEEDLE}),
    "record_view": ("tutorials", {"tutorial_id": NEEDLE}),
    "toggle_like": ("tutorials", {"tutorial_id": NEEDLE}),
    "reroll_api_key": ("api_keys", {"id": NEEDLE}),
}
NAMING_NOTHING = {"create_api_key"}  # which makes something new, and takes no id of anything


@pytest.mark.parametrize(
    ("function", "caller"),
    [
        (function, caller)
        for function, (table, _) in FUNCTIONS.items()
        for caller in STRANGERS
        if table != "tutorials" or (table, caller) not in OPEN
    ],
)
async def test_functions(function: str, caller: str, everybody: Everybody, planted: Rows) -> None:
    table, arguments = FUNCTIONS[function]
    query = "&".join(f"{name}={value}" for name, value in arguments.items())
    asks = [
        Ask("POST", f"rpc/{function}", "id", body=arguments),
        Ask("POST", f"rpc/{function}", "id", {"accept": "application/vnd.pgrst.object+json"}, arguments),
        Ask("GET", f"rpc/{function}?{query}", "id"),
        Ask("HEAD", f"rpc/{function}?{query}", "id", {"prefer": "count=exact"}),
    ]
    assert await everybody[caller].search(REST, asks, planted[table].needles) == []


def test_every_function_is_asked() -> None:
    """So that a new one gets its line above."""
    files = Path(models.__path__[0]).glob("sql/functions/*.sql")
    declared = re.compile(r"FUNCTION public\.(\w+)\([^)]*\) RETURNS (?!trigger)")
    assert {name for file in files for name in declared.findall(file.read_text())} == set(FUNCTIONS) | NAMING_NOTHING

"""A row that everybody reads leads to one that is another tenant's: it is as if it led nowhere."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from itertools import chain, cycle
from pathlib import Path

import httpx
import pytest

from tests.canary.conftest import STRANGERS
from tests.canary.exchange import NEEDLE, Ask, Caller
from tests.canary.planting import Connection, Planted
from tests.canary.table_asks import conditions

DROP = """
DROP TABLE public.canary_notes, public.canary_tags, public.canary_tagged, public.canary_open CASCADE;
DROP VIEW public.canary_view;
DROP FUNCTION public.canary_contacts(text), public.canary_companies();
"""
OK = 200
EXACT = {"prefer": "count=exact"}
FORMS = [{}, EXACT, {"prefer": "count=planned"}, {"accept": "text/csv"}]
TO_ONE = ["contacts(*)", "contacts(custom_fields->canary)", "x:contact_id(first_name)", "...contacts(first_name,tags)"]


THROUGH_NOTES = [
    *TO_ONE,
    "contacts!inner(*)",
    "contacts(count())",
    "contacts(first_name.max())",
    "contacts(deals(*),activities(title))",
    "contacts()&contacts=not.is.null",
    "contacts()&contacts=is.null",
    "contacts(first_name)&order=contacts(first_name).desc",
    "contacts!inner()&contacts.first_name=like.canary*",
    "contacts()&or=(contacts.not.is.null,name.eq.x)",
]
THROUGH_FUNCTIONS = [
    "canary_contact(*)",
    "canary_contact!inner(first_name)",
    "canary_contact(deals(title))",
    "canary_contact!inner()&canary_contact.tags=not.is.null",
    "canary_first_name",
]
THROUGH_TAGS = ["contacts(*)", "contacts!inner(*)", "contacts(count())", "...contacts(first_name)"]
EMBEDS = {
    "canary_notes": [*THROUGH_NOTES, *THROUGH_FUNCTIONS],
    "canary_open": THROUGH_NOTES,
    "canary_tags": THROUGH_TAGS,
}


def embeds() -> list[Ask]:
    """Requests that go through a note or a tag: the one leads to a hidden contact, its decoy to none."""
    return [
        Ask("GET", f"/rest/v1/{table}?select={select}&name=eq.{NEEDLE}", "name", form)
        for table, selects in EMBEDS.items()
        for select, form in zip(selects, cycle(FORMS), strict=False)
    ]


def calls() -> list[Ask]:
    """Requests for functions that answer the contact of a note."""
    return [
        Ask("GET", f"/rest/v1/rpc/canary_contacts?of_note={NEEDLE}", "name", EXACT),
        Ask("GET", f"/rest/v1/rpc/canary_contacts?of_note={NEEDLE}&select=first_name.max()", "name"),
        Ask("POST", "/rest/v1/rpc/canary_contacts?select=first_name,deals(*)", "name", body={"of_note": NEEDLE}),
    ]


@pytest.fixture(scope="module", autouse=True)
async def added(
    admin: Connection, planted: Mapping[str, Planted], own: object, client: httpx.AsyncClient, anon_key: str
) -> AsyncGenerator[None]:
    """The relations, once the data API knows them."""
    del own
    statements = (Path(__file__).parent / "notes.sql").read_text()
    await admin.execute(statements.replace("$contact", planted["contacts"].id))
    async with asyncio.timeout(60):
        while (await client.get("/rest/v1/canary_open", headers={"apikey": anon_key})).status_code != OK:  # noqa: ASYNC110  told by HTTP alone
            await asyncio.sleep(0.1)
    yield
    await admin.execute(DROP)


@pytest.mark.parametrize("caller", STRANGERS)
async def test_a_hidden_row_is_as_no_row(caller: str, everybody: Mapping[str, Caller]) -> None:
    found = [await everybody[caller].faults(ask, "hidden", "absent") for ask in [*embeds(), *calls()]]
    assert list(chain.from_iterable(found)) == []


async def test_the_owner_reads_it_through_the_note(everybody: Mapping[str, Caller]) -> None:
    owner = everybody["owner"]
    silent = [str(ask) for ask in [*embeds(), *calls()] if not await owner.faults(ask, "hidden", "absent")]
    assert silent == []


@pytest.mark.parametrize("caller", STRANGERS)
async def test_a_view_under_row_security(
    caller: str, everybody: Mapping[str, Caller], planted: Mapping[str, Planted]
) -> None:
    row, found = planted["contacts"], list[str]()
    for (condition, needle), form in zip(conditions("contacts"), cycle(FORMS), strict=False):
        ask = Ask("GET", f"/rest/v1/canary_view?{condition}", needle, form)
        found += await everybody[caller].faults(ask, *row.needles[needle])
    assert found == []


@pytest.fixture
async def common_name(
    admin: Connection, planted: Mapping[str, Planted], own: Mapping[str, Planted]
) -> AsyncGenerator[str]:
    """A name that the planner knows by its statistics, since so many hidden contacts have it."""
    name, owners = "canarycommon", [rows["contacts"].needles["owner"][0] for rows in (planted, own)]
    insert = "INSERT INTO contacts (user_id, company_name) SELECT $1, $2 FROM generate_series(1, 1000)"
    await admin.execute(insert, owners[0], name)
    await admin.execute(insert, owners[1], "many of my own")
    await admin.execute("ANALYZE contacts")
    yield name
    await admin.execute("DELETE FROM contacts WHERE company_name IN ($1, 'many of my own')", name)


@pytest.mark.parametrize(
    "path",
    [
        "contacts?select=id&company_name=eq.",
        "canary_view?select=id&company_name=eq.",
        "deals?select=id,contacts!inner()&contacts.company_name=eq.",
        "canary_open?select=name,contacts!inner()&contacts.company_name=eq.",
        "canary_tags?select=name,contacts!inner()&contacts.company_name=eq.",
        "canary_open?select=name,contacts()&contacts=is.null&contacts.company_name=eq.",
        "rpc/canary_contacts?of_note=absent&company_name=eq.",
        "rpc/canary_companies?company_name=eq.",
    ],
)
@pytest.mark.parametrize("count", ["planned", "estimated"])
async def test_estimates_tell_nothing_of_hidden_rows(
    count: str, path: str, everybody: Mapping[str, Caller], common_name: str
) -> None:
    ask = Ask("HEAD", f"/rest/v1/{path}{NEEDLE}", "name", {"prefer": f"count={count}"})
    assert await everybody["other"].faults(ask, common_name, "canaryunseen") == []

"""Relations inside the rows of others: what is shown, what is left out, in which order, at what price."""

from typing import Any

import orjson
import pytest

from api.rest.plan import Action, Format, Returned
from tests.api.rest.asking import Shop
from tests.api.served import Person, Served
from zilliance.errors import AppError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "projects?select=id,clients(name)&order=id&id=gte.3",
            [{"id": 3, "clients": {"name": "Bob"}}, {"id": 4, "clients": None}],
        ),
        ("details?select=note,projects(name)", [{"note": "first", "projects": {"name": "P1"}}]),
        ("projects?select=details(note)&id=eq.1", [{"details": {"note": "first"}}]),
        ("projects?select=details(note)&id=eq.2", [{"details": None}]),
        ("clients?select=projects(id)&id=gte.2&order=id", [{"projects": [{"id": 3}]}, {"projects": []}]),
        ("clients?select=all:projects(no:id)&id=eq.2", [{"all": [{"no": 3}]}]),
        ("tasks?select=users(name)&id=eq.2&users.order=name", [{"users": [{"name": "U1"}, {"name": "U2"}]}]),
        ("users?select=tasks(id)&id=eq.1&tasks.order=id.desc", [{"tasks": [{"id": 2}, {"id": 1}]}]),
        ("projects?select=id,client:client_id(name)&id=eq.3", [{"id": 3, "client": {"name": "Bob"}}]),
        (
            "clients?select=projects(id,tasks(id,users(name)))&projects.tasks.users.name=eq.U2&projects.id=eq.1"
            "&id=eq.1&projects.tasks.order=id",
            [{"projects": [{"id": 1, "tasks": [{"id": 1, "users": []}, {"id": 2, "users": [{"name": "U2"}]}]}]}],
        ),
        (
            "projects?select=id,tasks(id)&id=lt.3&tasks.order=id.desc&tasks.limit=1&order=id",
            [{"id": 1, "tasks": [{"id": 2}]}, {"id": 2, "tasks": [{"id": 3}]}],
        ),
        ("projects?select=tasks(id)&id=eq.1&tasks.order=id&tasks.offset=1", [{"tasks": [{"id": 2}]}]),
        ("projects?select=clients(id)&clients.limit=0&id=eq.1", [{"clients": None}]),
        ("projects?select=tasks(id)&tasks.or=(hours.gt.6,name.eq.T1)&id=eq.1", [{"tasks": [{"id": 1}]}]),
        ("projects?select=long_tasks(id),first_task(id),label&id=eq.1", [
            {"long_tasks": [{"id": 2}], "first_task": {"id": 1}, "label": "P1"}
        ]),
    ],
)  # fmt: skip
async def test_embedded_rows(shop: Shop, url: str, expected: Any) -> None:
    assert await shop.rows(url) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("clients!inner(name)&clients.name=eq.Ada", [1, 2]),
        ("clients!left(name)&clients.name=eq.Ada", [1, 2, 3, 4]),
        ("tasks!inner(id)&tasks.hours=gt.5", [2]),
        ("...clients!inner(name)", [1, 2, 3]),
        ("clients!inner(projects!inner(tasks!inner(id)))&clients.projects.tasks.hours=gt.6", [1, 2]),
        ("clients(projects!inner(id))&clients=is.null", [4]),
        ("tasks()&tasks=is.null", [3, 4]),
        ("tasks()&tasks=not.is.null", [1, 2]),
        ("tasks()&tasks=is.not_null", [1, 2]),
        ("tasks()&tasks=not.is.not_null", [3, 4]),
        ("long:tasks()&long.hours=gt.5&long=not.is.null", [2]),
        ("tasks(),clients()&clients.name=eq.Ada&or=(tasks.is.null,and(clients.not.is.null,name.eq.P1))", [1, 3, 4]),
        ("tasks(),clients()&not.or=(tasks.is.null,clients.is.null)", [1, 2]),
        ("first_task!inner(id)", [1, 2]),
    ],
)
async def test_embedded_rows_decide_which_parents_are_shown(shop: Shop, query: str, expected: list[int]) -> None:
    found = await shop.result(f"projects?select=id,{query}&order=id", is_counted=True)
    assert [row["id"] for row in orjson.loads(found["body"])] == expected
    assert found["total"] == len(expected)


async def test_what_is_embedded_empty_is_not_shown(shop: Shop) -> None:
    assert await shop.rows("projects?select=id,tasks(),clients(projects())&id=eq.1&tasks.limit=1") == [{"id": 1}]
    assert await shop.rows("projects?select=tasks()&id=eq.1") == [{}]


async def test_a_filter_on_a_column_that_is_embedded_by_its_name(shop: Shop) -> None:
    assert await shop.rows("projects?select=id,client_id(name)&client_id=is.null") == [{"id": 4, "client_id": None}]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("projects?select=id,...clients(client:name)&order=id&id=gte.3", [
            {"id": 3, "client": "Bob"}, {"id": 4, "client": None}
        ]),
        ("details?select=...projects(name,...clients(client:name,projects(id)))&clients.id=eq.9", None),
        ("details?select=...projects(name,...clients(client:name,notes(text)))", [
            {"name": "P1", "client": "Ada", "notes": [{"text": "n1"}, {"text": "n2"}]}
        ]),
        ("tasks?select=...projects(project:name,...clients(*))&id=eq.3", [
            {"project": "P2", "id": 1, "name": "Ada", "is_vip": True}
        ]),
        ("projects?select=id,...tasks(names:name,hours)&tasks.order=hours.desc&id=in.(1,3)&order=id", [
            {"id": 1, "names": ["T2", "T1"], "hours": [5, 2]}, {"id": 3, "names": [], "hours": []}
        ]),
        ("clients?select=...projects(ids:id,...details(notes:note))&projects.order=id&id=eq.1", [
            {"ids": [1, 2], "notes": ["first", None]}
        ]),
    ],
)  # fmt: skip
async def test_spread_columns_stand_in_the_parents_row(shop: Shop, url: str, expected: Any) -> None:
    if expected is None:
        with pytest.raises(AppError, match="'clients' is not an embedded resource"):
            await shop.rows(url)
    else:
        assert await shop.rows(url) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("clients(name),id", [1, 2, 3, 4]),
        ("clients(name).desc.nullslast,id.desc", [3, 2, 1, 4]),
        ("clients(name).asc.nullsfirst,id", [4, 1, 2, 3]),
        ("details(note),clients(name).desc.nullslast,id", [1, 3, 2, 4]),
        ("first_task(hours).desc.nullslast,id", [2, 1, 3, 4]),
    ],
)
async def test_an_order_by_what_is_embedded(shop: Shop, order: str, expected: list[int]) -> None:
    rows = await shop.rows(f"projects?select=id,clients(),details(note),first_task(id)&order={order}")
    assert [row["id"] for row in rows] == expected


async def test_an_order_within_what_is_embedded(shop: Shop) -> None:
    url = "clients?select=projects(id,details(note))&projects.order=details(note).desc.nullslast&id=eq.1"
    assert [row["id"] for row in (await shop.rows(url))[0]["projects"]] == [1, 2]


@pytest.mark.parametrize(
    ("url", "code", "words"),
    [
        ("projects?order=clients(name)", "PGRST108", "'clients' is not an embedded resource in this request"),
        ("projects?select=tasks(id)&order=tasks(id)", "PGRST118", "A related order on 'tasks' is not possible"),
        ("projects?select=tasks(id)&tasks=eq.1", "PGRST120", "Bad operator on the 'tasks' embedded resource"),
        ("projects?select=users(id)", "PGRST200", "between 'projects' and 'users'"),
        ("projects?select=clients(nothing)", "42703", "column clients.nothing does not exist"),
        ("projects?select=clients(id)&clients.nothing=eq.1", "42703", "column clients.nothing does not exist"),
        ("projects?select=clients()&order=clients(nothing)", "42703", "column clients.nothing does not exist"),
        ("projects?select=nothing()", "PGRST200", "between 'projects' and 'nothing'"),
    ],
)
async def test_refusals(shop: Shop, url: str, code: str, words: str) -> None:
    with pytest.raises(AppError, match=words) as raised:
        await shop.rows(url)
    assert raised.value.code == code


async def test_conditions_may_not_multiply_without_end(shop: Shop) -> None:
    """Each of the outer ones writes all of the inner ones."""
    inner, outer = ",".join(["hours.gt.1"] * 100), ",".join(["tasks.is.null"] * 100)
    with pytest.raises(AppError, match="more than 1000"):
        await shop.rows(f"projects?select=tasks()&tasks.or=({inner})&or=({outer})")


@pytest.mark.parametrize("url", ["projects?select={}", "projects?select=clients(id)&order={}"])
async def test_joins_are_so_few_that_they_are_planned_quickly(shop: Shop, url: str) -> None:
    joined = "clients(name)" if "order" in url else "...clients(id)"
    assert await shop.rows(url.format(",".join([joined] * 20)))
    with pytest.raises(AppError, match="More than 20"):
        await shop.rows(url.format(",".join([joined] * 21)))


async def test_row_security_and_column_rights_hold_inside(shop: Shop) -> None:
    """The caller may see short tasks alone, and not whether a client is a VIP."""
    url = "projects?select=id,tasks(id),clients(*)&id=eq.1"
    assert await shop.rows(url, role="authenticated") == [
        {"id": 1, "tasks": [{"id": 1}], "clients": {"id": 1, "name": "Ada"}}
    ]
    assert await shop.rows("projects?select=id,tasks()&tasks=not.is.null", role="authenticated") == [{"id": 1}]
    assert await shop.rows("projects?select=id,...tasks(hours)&id=eq.2", role="authenticated") == [
        {"id": 2, "hours": []}
    ]


async def test_other_tenants_rows_are_not_embedded(api: Served, owner: Person, stranger: Person) -> None:
    contact = await api.insert("contacts", {"type": "individual", "first_name": "Ada"}, owner.headers)
    deal = await api.insert("deals", {"title": "Deal", "contact_id": contact["id"]}, owner.headers)
    path = f"deals?id=eq.{deal['id']}&select=title,contacts(first_name)"
    assert (await api.send("GET", path, owner.headers)).json() == [{"title": "Deal", "contacts": {"first_name": "Ada"}}]
    assert (await api.send("GET", path, stranger.headers)).json() == []
    listed = await api.send("GET", "contacts?select=first_name,deals(title)&deals=not.is.null", stranger.headers)
    assert listed.json() == []


async def test_only_the_rows_of_the_page_are_embedded_into(shop: Shop) -> None:
    """Also when they must be sorted first."""
    await shop.connection.execute("SAVEPOINT many")
    await shop.connection.execute(
        "INSERT INTO shop.projects (id, client_id) SELECT n, 1 FROM generate_series(5, 500) n"
    )
    text = shop.statement("projects?select=id,clients(name),tasks(id)&order=client_id", is_limited=True)
    explained = await shop.connection.fetchval("EXPLAIN (ANALYZE, FORMAT JSON) " + text.replace("$1", "'7'"))
    await shop.connection.execute("ROLLBACK TO many")
    found = [
        node for node in nodes(orjson.loads(explained)[0]["Plan"]) if node.get("Relation Name") in {"clients", "tasks"}
    ]
    assert len(found) == 2
    assert all(node["Actual Loops"] <= 7 for node in found)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", ()) for node in nodes(inner))]


async def test_a_write_answers_with_what_belongs_to_its_rows(shop: Shop) -> None:
    url = "projects?select=id,label,clients(name),tasks(id)&order=clients(name)"
    rows = '[{"id": 8, "name": "new", "client_id": 2}, {"id": 9, "name": "old", "client_id": 1}]'
    assert await shop.rows(url, rows, action=Action.INSERT, columns=("id", "name", "client_id")) == [
        {"id": 9, "label": "OLD", "clients": {"name": "Ada"}, "tasks": []},
        {"id": 8, "label": "NEW", "clients": {"name": "Bob"}, "tasks": []},
    ]
    url = "projects?id=lt.4&select=id,clients!inner(),tasks(id)&tasks.hours=gt.3&clients.name=eq.Ada&order=id"
    assert await shop.rows(url, '{"name": "x"}', action=Action.UPDATE, columns=("name",)) == [
        {"id": 1, "tasks": [{"id": 2}]}, {"id": 2, "tasks": [{"id": 3}]}
    ]  # fmt: skip
    url = "tasks?id=gte.3&select=id,...projects(project:name)&order=id"
    assert await shop.rows(url, action=Action.DELETE) == [{"id": 3, "project": "P2"}, {"id": 4, "project": None}]


async def test_a_write_changes_rows_by_what_belongs_to_them(shop: Shop) -> None:
    url = "projects?select=id,tasks()&tasks=is.null&order=id"
    assert await shop.rows(url, '{"name": "x"}', action=Action.UPDATE, columns=("name",)) == [{"id": 3}, {"id": 4}]
    silent = {"action": Action.UPDATE, "columns": ("name",), "returned": Returned.NOTHING}
    assert await shop.result("projects?select=tasks(id)&tasks.hours=gt.1&id=eq.1", '{"name": "x"}', **silent) == {
        "body": "", "rows": 1,
    }  # fmt: skip


async def test_embedded_rows_in_csv_and_without_nulls(shop: Shop) -> None:
    url = "projects?select=id,clients(name),mood&id=gte.3&order=id"
    found = await shop.result(url, format=Format.CSV)
    assert found["body"] == 'id,clients,mood\n3,"{""name"":""Bob""}",\n4,,'
    assert await shop.rows(url, format=Format.STRIPPED) == [{"id": 3, "clients": {"name": "Bob"}}, {"id": 4}]

"""Every example does what its first line says, on the whole platform."""

from pathlib import Path

import pytest

from tests.examples.foreign import Foreign
from tests.examples.person import FILES, Person, statuses

HERE = Path(__file__).parent


def test_every_example_is_run_here_and_says_what_it_does() -> None:
    tests = (HERE / "test_examples.py").read_text() + (HERE / "test_examples_that_wait.py").read_text()
    for file in FILES.glob("*.yaml"):
        assert file.read_text().startswith("# "), file.name
        assert f'"{file.stem}"' in tests, f"{file.name} is run by no test"


ORDER = {"sku": "A-1", "quantity": 2, "amount": 40, "card": "tok", "address": "Here 1"}


def _open_shop(foreign: Foreign) -> None:
    foreign.answers |= {
        "stock POST /reservations": [(201, {"id": "r1"})],
        "stock DELETE /reservations/r1": [(204, None)],
        "pay POST /charges": [(503, {}), (201, {"id": "c1"})],
        "pay POST /charges/c1/refund": [(200, {"id": "c1"})],
        "ship POST /parcels": [(201, {"id": "p1"})],
    }


async def test_an_order_goes_through_although_the_bank_is_busy_at_first(person: Person, foreign: Foreign) -> None:
    _open_shop(foreign)
    execution = await person.execute("order-saga", ORDER)
    assert execution["status"] == "completed", execution["error"]
    assert execution["result_data"] == {"parcel": "p1"}
    assert foreign.lines() == [
        "stock POST /reservations",
        "pay POST /charges",
        "pay POST /charges",
        "ship POST /parcels",
    ]


async def test_an_order_that_cannot_be_shipped_is_taken_back_in_reverse_order(person: Person, foreign: Foreign) -> None:
    _open_shop(foreign)
    foreign.answers["ship POST /parcels"] = [(422, {"error": "no such street"})]
    execution = await person.execute("order-saga", ORDER)
    assert execution["status"] == "failed"
    assert execution["error"]["status"] == 422
    assert foreign.lines()[-3:] == [
        "ship POST /parcels",
        "pay POST /charges/c1/refund",
        "stock DELETE /reservations/r1",
    ]


async def test_the_nightly_report_sums_up_the_pipeline(person: Person) -> None:
    for stage, amount in (("lead", 100), ("lead", 50), ("closed_won", 900)):
        await person.insert("deals", {"title": "A deal", "stage": stage, "amount": amount})
    execution = await person.execute("nightly-report", {"to": person.email})
    assert execution["status"] == "completed", execution["error"]
    path = f"reports/{execution['id']}.json"
    kept = await person.call("GET", f"/storage/v1/object/authenticated/documents/{person.id}/{path}")
    assert kept == [
        {"stage": "closed_won", "deals": 1, "amount": 900},
        {"stage": "lead", "deals": 2, "amount": 150},
    ]


async def test_rates_are_fetched_with_patience_and_yesterdays_serve_when_it_ends(
    person: Person, foreign: Foreign
) -> None:
    definition = await person.define("exchange-rates")
    foreign.answers["rates GET /latest"] = [(503, {}), (200, {"base": "EUR", "rates": {"USD": 1.2}})]
    first = await person.run(definition)
    assert first["status"] == "completed", first["error"]
    foreign.answers["rates GET /latest"] = [(500, {})]
    second = await person.run(definition)
    assert (second["status"], statuses(second)["fallBack"]) == ("completed", "completed"), second["error"]
    kept = await person.call("GET", f"/storage/v1/object/authenticated/documents/{person.id}/rates/latest.json")
    assert kept["stale"] is True


async def test_contacts_without_a_company_are_completed(person: Person, foreign: Foreign) -> None:
    def look_up(asked: object) -> tuple[int, dict[str, object]]:
        name = str(getattr(asked, "query")["email"]).partition("@")[0]  # noqa: B009
        return 200, {"company": None if name == "nobody" else f"{name} Ltd"}

    foreign.answers["people GET /companies"] = look_up
    for name in ("ada", "grace", "nobody"):
        await person.insert("contacts", {"type": "individual", "first_name": name, "email": f"{name}@example.org"})
    execution = await person.execute("enrich-contacts")
    assert execution["status"] == "completed", execution["error"]
    assert execution["result_data"] == {"looked_up": 3}
    found = await person.rows("contacts", "select=first_name,company_name&order=first_name")
    assert [row["company_name"] for row in found] == ["ada Ltd", "grace Ltd", None]


async def test_a_list_of_people_is_taken_in_by_a_sub_workflow_each(person: Person) -> None:
    await person.define("import-person")
    execution = await person.execute("import-people", {"people": [{"name": "Ada"}, {}, {"name": "Grace"}]})
    assert execution["status"] == "completed", execution["error"]
    assert execution["result_data"] == {"done": 2, "refused": ["nameless"]}
    assert {row["first_name"] for row in await person.rows("contacts", "select=first_name")} == {"Ada", "Grace"}


@pytest.mark.parametrize(("status", "deals"), [("available", 1), ("sold", 0)])
async def test_a_pet_is_offered_when_it_is_there(person: Person, foreign: Foreign, status: str, deals: int) -> None:
    await person.call("PUT", "/workflows/v1/secrets/petshop", {"value": {"client_secret": "open sesame"}})
    foreign.answers |= {
        "shop POST /oauth2/token": [(200, {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 300})],
        "shop GET /openapi.json": [(200, _PETS)],
        "shop GET /pets/7": [(200, {"name": "Rex", "status": status, "price": 90})],
    }
    execution = await person.execute("pet-shop", {"petId": 7})
    assert execution["status"] == "completed", execution["error"]
    assert len(await person.rows("deals", "select=id")) == deals
    [call] = [asked for asked in foreign.asked if asked.path == "/pets/7"]
    assert call.headers["Authorization"] == "Bearer t0ken"


async def test_a_deal_is_converted_by_rates_that_come_through_the_gateway(person: Person, foreign: Foreign) -> None:
    foreign.answers["rates GET /v2/EUR"] = [(200, {"rate": 1.2})]
    endpoint = await person.insert(
        "api_endpoints",
        {
            "name": "Rates",
            "path": "/rates/{base}",
            "target_url": "https://rates.example.com/v2/{base}",
            "headers": {"X-Rates-Key": "0123456789abcdef"},
        },
    )
    deal = await person.insert("deals", {"title": "Engine", "amount": 1000})
    data = {"endpoint": endpoint["id"], "deal": deal["id"], "currency": "USD"}
    execution = await person.execute("convert-deal", data)
    assert execution["status"] == "completed", execution["error"]
    assert execution["result_data"] == {"description": "EUR 1000 is 1200 USD"}
    [call] = foreign.asked
    assert (call.query, call.headers["x-rates-key"]) == ({"to": "USD"}, "0123456789abcdef")
    [logged] = await person.rows("api_requests", f"endpoint_id=eq.{endpoint['id']}", until=bool)
    assert (logged["path"], logged["status_code"], logged["api_key_id"]) == ("/rates/EUR", 200, None)


_PETS = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "https://shop.example.com"}],
    "paths": {
        "/pets/{petId}": {
            "get": {
                "operationId": "getPet",
                "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "A pet"}},
            }
        }
    },
}

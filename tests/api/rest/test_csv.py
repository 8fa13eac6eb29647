"""CSV in and out, forms in, and the bounds of what is read."""

import pytest

from tests.api.served import Person, Served

SHOWN = {"prefer": "return=representation"}
CSV = {"content-type": "text/csv"}
CONTACTS = 'first_name,last_name,tags,custom_fields\nAda,"Love, ""Lace""","{a,b}","{""age"": 36}"\nBob,NULL,{},{}\n'


async def test_rows_come_in_as_csv(api: Served, owner: Person) -> None:
    query = "contacts?select=first_name,last_name,tags,custom_fields"
    made = await api.send("POST", query, owner.headers, content=CONTACTS.encode(), headers={**CSV, **SHOWN})
    assert made.status_code == 201, made.text
    assert made.json() == [
        {"first_name": "Ada", "last_name": 'Love, "Lace"', "tags": ["a", "b"], "custom_fields": {"age": 36}},
        {"first_name": "Bob", "last_name": None, "tags": [], "custom_fields": {}},
    ]


async def test_rows_go_out_as_csv_and_come_in_again(api: Served) -> None:
    person = await api.person()
    rows = [
        {"first_name": "Ada", "last_name": 'a "quote", and a comma', "tags": ["x", "y z"]},
        {"first_name": "two\nlines", "last_name": "", "tags": []},
    ]
    await api.send("POST", "contacts", person.headers, json=rows)
    query = "contacts?select=first_name,last_name,tags&order=first_name"
    csv = await api.send("GET", query, person.headers, headers={"accept": "text/csv"})
    assert (csv.status_code, csv.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert csv.headers["content-range"] == "0-1/*"
    assert csv.text == ('first_name,last_name,tags\nAda,"a ""quote"", and a comma","{x,""y z""}"\n"two\nlines","",{}')
    other = await api.person()
    again = await api.send("POST", "contacts", other.headers, content=csv.content, headers=CSV)
    assert again.status_code == 201
    assert (await api.send("GET", query, other.headers)).json() == rows


async def test_writes_answer_as_csv(api: Served, owner: Person) -> None:
    answer = await api.send(
        "POST", "contacts?select=first_name", owner.headers, json={"first_name": "Ada"},
        headers={**SHOWN, "accept": "text/csv"},
    )  # fmt: skip
    assert (answer.status_code, answer.text) == (201, "first_name\nAda")
    changed = await api.send("PATCH", "contacts?id=is.null", owner.headers, content=b"phone\n123\n", headers=CSV)
    assert changed.status_code == 204


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"first_name,last_name\nAda\n", "All lines must have same number of fields"),
        (b"first_name\nAda,Lovelace\n", "All lines must have same number of fields"),
        (b"first_name,first_name\na,b\n", "The first line names a column twice"),
        (b"", "The body is empty: the first line must name the columns"),
        (b'first_name\n"unclosed\n', "Line 2 is not CSV: unexpected end of data"),
        (b"first_name\nA\x00da\n", "The body contains NUL, which the database cannot store"),
        (b"first_name\n\xff\n", "The body is not UTF-8"),
    ],
)
async def test_csv_that_is_refused(api: Served, owner: Person, body: bytes, message: str) -> None:
    answer = await api.send("POST", "contacts", owner.headers, content=body, headers=CSV)
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST102")
    assert answer.json()["message"].startswith(message)


async def test_unknown_columns_and_wrong_values(api: Served, owner: Person) -> None:
    unknown = await api.send("POST", "contacts", owner.headers, content=b"nonsense\n1\n", headers=CSV)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "PGRST204")
    wrong = await api.send("POST", "deals", owner.headers, content=b"title,amount\nx,many\n", headers=CSV)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "22P02")
    none = await api.send("POST", "contacts", owner.headers, content=b"first_name\n", headers={**CSV, **SHOWN})
    assert (none.status_code, none.json()) == (201, [])


async def test_a_form_is_one_row(api: Served, owner: Person) -> None:
    form = {"first_name": "Ada & co", "last_name": ""}
    answer = await api.send("POST", "contacts?select=first_name,last_name", owner.headers, data=form, headers=SHOWN)
    assert (answer.status_code, answer.json()) == (201, [form])
    bad = await api.send("POST", "contacts", owner.headers, data={"first_name": "a\0b"})
    assert (bad.status_code, bad.json()["code"]) == (400, "PGRST102")


@pytest.mark.parametrize("media", ["text/plain", "application/octet-stream", "text/xml", "image/png"])
async def test_other_bodies_are_refused(api: Served, owner: Person, media: str) -> None:
    answer = await api.send("POST", "contacts", owner.headers, content=b"x", headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (400, "PGRST102")
    assert answer.json()["message"] == f"Content-Type not acceptable: {media}"


@pytest.mark.parametrize(
    ("body", "media"), [(b"[" + b"{}," * 200_000 + b"{}]", "application/json"), (b"a\n" * 200_002, "text/csv")]
)
async def test_too_many_rows_are_refused_before_they_are_read(
    api: Served, owner: Person, body: bytes, media: str
) -> None:
    answer = await api.send("POST", "contacts", owner.headers, content=body, headers={"content-type": media})
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_more_columns_than_there_can_be_are_refused(api: Served, owner: Person) -> None:
    names = [f"c{number}" for number in range(100_000)]
    for path, body in (("contacts", dict.fromkeys(names)), ("rpc/has_role", dict.fromkeys(names))):
        answer = await api.send("POST", path, owner.headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "PGRST102")
    csv = await api.send("POST", "contacts", owner.headers, content=",".join(names).encode() + b"\n", headers=CSV)
    assert (csv.status_code, csv.json()["message"]) == (400, "The body names more than 1,600 columns")

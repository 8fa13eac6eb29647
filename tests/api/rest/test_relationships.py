"""Which relationships a request means, over tables such as front ends have."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from api.rest.catalogue import Catalogue, Relationship, load
from api.rest.query import Embed
from zilliance.errors import AppError
from zilliance.settings import DatabaseSettings

TABLES = """
CREATE SCHEMA hidden;
CREATE TABLE public.shops (id int PRIMARY KEY, name text);
CREATE TABLE public.people (
    id int PRIMARY KEY, name text, boss_id int CONSTRAINT people_boss REFERENCES public.people, shop_id int);
CREATE TABLE public.orders (
    id int PRIMARY KEY, shop_id int REFERENCES public.shops,
    buyer_id int CONSTRAINT buyer REFERENCES public.people, seller_id int CONSTRAINT seller REFERENCES public.people);
CREATE TABLE public.receipts (order_id int PRIMARY KEY REFERENCES public.orders, total numeric);
CREATE TABLE public.tags (id int PRIMARY KEY, name text);
CREATE TABLE public.order_tags (
    order_id int REFERENCES public.orders, tag_id int REFERENCES public.tags, PRIMARY KEY (order_id, tag_id));
CREATE TABLE public.shop_tags (
    id int PRIMARY KEY, shop_id int REFERENCES public.shops, tag_id int REFERENCES public.tags,
    UNIQUE (shop_id, tag_id));
CREATE TABLE public.owned (
    id int PRIMARY KEY, owner int, shop_id int REFERENCES public.shops, UNIQUE (id, owner));
CREATE TABLE public.owned_notes (
    id int PRIMARY KEY, owner int NOT NULL, owned_id int CONSTRAINT plain REFERENCES public.owned,
    CONSTRAINT "both" FOREIGN KEY (owned_id, owner) REFERENCES public.owned (id, owner));
CREATE TABLE public.owned_tags (
    owned_id int, tag_id int REFERENCES public.tags, owner int,
    PRIMARY KEY (owned_id, tag_id), FOREIGN KEY (owned_id, owner) REFERENCES public.owned (id, owner));
CREATE TABLE hidden.secrets (id int PRIMARY KEY, shop_id int REFERENCES public.shops);
CREATE VIEW public.shop_secrets AS SELECT id AS secret_id, shop_id AS "the shop" FROM hidden.secrets;
CREATE VIEW public.big_orders AS SELECT id, shop_id AS shop, buyer_id FROM public.orders WHERE id > 100;
CREATE VIEW public.bigger_orders AS
    WITH big AS (SELECT * FROM public.big_orders)
    SELECT big.id AS order_id, shop, (SELECT max(id) FROM public.tags) AS most FROM big JOIN public.shops USING (id);
CREATE MATERIALIZED VIEW public.shop_names AS SELECT id, name FROM public.shops;
CREATE FUNCTION public.latest_order(public.shops) RETURNS SETOF public.orders ROWS 1 LANGUAGE sql STABLE
    AS 'SELECT * FROM public.orders WHERE shop_id = $1.id ORDER BY id DESC LIMIT 1';
CREATE FUNCTION public.owned(public.tags) RETURNS SETOF public.shops LANGUAGE sql STABLE
    AS 'SELECT * FROM public.shops';
CREATE FUNCTION public.shout(public.shops) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper($1.name)';
"""


@pytest.fixture(scope="module")
async def shops(database_settings: DatabaseSettings) -> AsyncGenerator[Catalogue]:
    """The catalogue of a transaction that is never committed: nobody else sees its tables."""
    connection = await asyncpg.connect(database_settings.admin_dsn())
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(TABLES)
    yield await load(connection, ["public"])
    await transaction.rollback()
    await connection.close()


def found(catalogue: Catalogue, path: str) -> Relationship:
    """What `parent.name!hint` means."""
    parent, _, name = path.partition(".")
    name, _, hint = name.partition("!")
    return catalogue.relationship(catalogue.relation("public", parent), Embed(name, hint=hint or None))


def refused(catalogue: Catalogue, path: str) -> AppError:
    with pytest.raises(AppError) as raised:
        found(catalogue, path)
    return raised.value


@pytest.mark.parametrize(
    ("path", "target", "is_list", "columns"),
    [
        ("orders.shops", "shops", False, [("shop_id", "id")]),
        ("orders.shop_id", "shops", False, [("shop_id", "id")]),
        ("orders.orders_shop_id_fkey", "shops", False, [("shop_id", "id")]),
        ("shops.orders", "orders", True, [("id", "shop_id")]),
        ("shops.orders!shop_id", "orders", True, [("id", "shop_id")]),
        ("orders.receipts", "receipts", False, [("id", "order_id")]),
        ("receipts.orders", "orders", False, [("order_id", "id")]),
        ("orders.people!seller", "people", False, [("seller_id", "id")]),
        ("orders.people!buyer_id", "people", False, [("buyer_id", "id")]),
        ("orders.buyer", "people", False, [("buyer_id", "id")]),
        ("people.orders!buyer", "orders", True, [("id", "buyer_id")]),
        ("people.seller", "orders", True, [("id", "seller_id")]),
        ("people.boss_id", "people", False, [("boss_id", "id")]),
        ("people.people", "people", True, [("id", "boss_id")]),
        ("people.people!boss_id", "people", True, [("id", "boss_id")]),
        ("owned_notes.owned", "owned", False, [("owned_id", "id"), ("owner", "owner")]),
        ("owned.owned_notes", "owned_notes", True, [("id", "owned_id"), ("owner", "owner")]),
        ("owned_notes.owned!plain", "owned", False, [("owned_id", "id")]),
        ("shop_secrets.shops", "shops", False, [("the shop", "id")]),
        ("shops.shop_secrets", "shop_secrets", True, [("id", "the shop")]),
        ("big_orders.shops", "shops", False, [("shop", "id")]),
        ("big_orders.buyer", "people", False, [("buyer_id", "id")]),
        ("shops.big_orders", "big_orders", True, [("id", "shop")]),
        ("big_orders.shop_names", "shop_names", False, [("shop", "id")]),
        ("shop_names.orders", "orders", True, [("id", "shop_id")]),
        ("bigger_orders.shops", "shops", False, [("shop", "id")]),
        ("bigger_orders.receipts", "receipts", False, [("order_id", "order_id")]),
    ],
)
def test_by_columns(shops: Catalogue, path: str, target: str, is_list: bool, columns: list[tuple[str, str]]) -> None:
    relationship = found(shops, path)
    assert (relationship.target, relationship.is_list) == (shops.relation("public", target), is_list)
    assert list(relationship.columns) == columns


@pytest.mark.parametrize(
    ("path", "junction", "parent", "target"),
    [
        ("orders.tags", "order_tags", [("id", "order_id")], [("tag_id", "id")]),
        ("tags.orders!order_tags", "order_tags", [("id", "tag_id")], [("order_id", "id")]),
        ("shops.tags", "shop_tags", [("id", "shop_id")], [("tag_id", "id")]),
        ("tags.big_orders", "order_tags", [("id", "tag_id")], [("order_id", "id")]),
        ("owned.tags", "owned_tags", [("id", "owned_id"), ("owner", "owner")], [("tag_id", "id")]),
    ],
)
def test_through_a_junction(
    shops: Catalogue, path: str, junction: str, parent: list[tuple[str, str]], target: list[tuple[str, str]]
) -> None:
    relationship = found(shops, path)
    assert relationship.is_list
    assert relationship.junction is not None
    assert relationship.junction.relation is shops.relation("public", junction)
    assert (list(relationship.junction.parent), list(relationship.junction.target)) == (parent, target)


def test_by_functions(shops: Catalogue) -> None:
    latest = found(shops, "shops.latest_order")
    assert latest.function is not None
    assert (latest.target, latest.is_list) == (shops.relation("public", "orders"), False)
    overriding = found(shops, "tags.owned")  # stands for the junction to the table of that name
    assert (overriding.target, overriding.is_list) == (shops.relation("public", "shops"), True)
    shout = shops.computed(shops.relation("public", "shops"), "shout")
    assert shout is not None
    assert shops.computed(shops.relation("public", "orders"), "shout") is None
    assert shops.functions("public", "shout") == ()  # nobody can send a row


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        ("deals.contacts", [("contact_id", "id"), ("user_id", "user_id")]),
        ("deals.contact_id", [("contact_id", "id"), ("user_id", "user_id")]),
        ("contacts.deals", [("id", "contact_id"), ("user_id", "user_id")]),
        ("contacts.activities", [("id", "contact_id"), ("user_id", "user_id")]),
        ("activities.contacts", [("contact_id", "id"), ("user_id", "user_id")]),
        ("activities.deals", [("deal_id", "id"), ("user_id", "user_id")]),
        ("activities.deals!deal_id", [("deal_id", "id"), ("user_id", "user_id")]),
        ("workflow_executions.workflows", [("workflow_id", "id"), ("user_id", "user_id")]),
        ("api_requests.api_keys", [("api_key_id", "id"), ("user_id", "user_id")]),
    ],
)
def test_the_platforms_own_tables_join_on_the_owner_too(
    shops: Catalogue, path: str, columns: list[tuple[str, str]]
) -> None:
    assert list(found(shops, path).columns) == columns


def test_no_relationship(shops: Catalogue) -> None:
    error = refused(shops, "orders.shop")
    assert (error.status, error.code) == (400, "PGRST200")
    assert error.message == "Could not find a relationship between 'orders' and 'shop' in the schema cache"
    assert error.hint == "Perhaps you meant 'shops' instead of 'shop'."
    error = refused(shops, "orders.shops!nonsense")
    assert error.hint is None
    assert error.details == (
        "Searched for a foreign key relationship between 'orders' and 'shops' using the hint 'nonsense' in the schema"
        " 'public', but no matches were found."
    )


@pytest.mark.parametrize(
    "path", ["deals.users", "shops.secrets", "deals.user_id", "orders.owned", "people.people!buyer"]
)
def test_what_is_not_exposed_or_not_related_is_not_found(shops: Catalogue, path: str) -> None:
    assert refused(shops, path).code == "PGRST200"


def test_several_relationships(shops: Catalogue) -> None:
    error = refused(shops, "orders.people")
    assert (error.status, error.code) == (300, "PGRST201")
    assert error.message == "Could not embed because more than one relationship was found for 'orders' and 'people'"
    assert error.details == [
        {
            "cardinality": "many-to-one",
            "embedding": "orders with people",
            "relationship": f"{name} using orders({name}_id) and people(id)",
        }
        for name in ("buyer", "seller")
    ]
    assert error.hint == (
        "Try changing 'people' to one of the following: 'people!buyer', 'people!seller'."
        " Find the desired relationship in the 'details' key."
    )
    assert refused(shops, "people.orders").code == "PGRST201"


def test_keys(shops: Catalogue) -> None:
    keys = {name: shops.relation("public", name).key for name in ("order_tags", "big_orders", "bigger_orders", "owned")}
    assert keys == {
        "order_tags": ("order_id", "tag_id"), "big_orders": ("id",), "bigger_orders": ("order_id",), "owned": ("id",),
    }  # fmt: skip

"""Planned counts tell nothing of rows that row security hides, wherever in the request their table stands."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from tests.api.served import Person, Served
from zilliance.settings import Settings

TABLES = """
CREATE TABLE public.est_places (id int PRIMARY KEY);
GRANT SELECT ON public.est_places TO authenticated, service_role;
CREATE TABLE public.est_visits (
    id int PRIMARY KEY, place_id int REFERENCES public.est_places, owner uuid NOT NULL, word text);
ALTER TABLE public.est_visits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.est_visits USING (owner = (SELECT auth.uid()));
INSERT INTO public.est_places SELECT generate_series(1, 1000);
"""
ROWS = """
INSERT INTO public.est_visits
SELECT n, n, CASE WHEN n % 2 = 0 THEN $1::uuid ELSE $2::uuid END, CASE WHEN n % 2 = 0 THEN 'mine' ELSE 'theirs' END
FROM generate_series(1, 1000) AS n
"""


@pytest.fixture(scope="module")
async def visits(settings: Settings, api: Served, owner: Person, stranger: Person) -> AsyncGenerator[Served]:
    admin = await asyncpg.connect(settings.database.admin_dsn())
    await admin.execute(TABLES)
    await admin.execute(ROWS, owner.id, stranger.id)
    await admin.execute("ANALYZE public.est_places, public.est_visits")
    yield api
    await admin.execute("DROP TABLE public.est_visits, public.est_places")
    await admin.close()


@pytest.mark.parametrize(
    "query",
    [
        "est_places?select=id,est_visits!inner()&est_visits.word=eq.{}",
        "est_places?select=id,est_visits()&est_visits.word=eq.{}&est_visits=not.is.null",
    ],
)
async def test_embedded_relations(visits: Served, owner: Person, query: str) -> None:
    async def total(word: str) -> str:
        answer = await visits.send("HEAD", query.format(word), owner.headers, headers={"prefer": "count=planned"})
        return answer.headers["content-range"].partition("/")[2]

    assert (await total("theirs"), await total("nobody's"), await total("mine")) == ("0", "0", "500")

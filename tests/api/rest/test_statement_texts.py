"""Whatever a request asks, PostgreSQL can read its statement: nothing that a caller writes changes the sense of it."""

from collections import Counter
from random import Random

import asyncpg

from api.rest.sql import statement
from tests.api.rest.asking import Shop
from tests.api.rest.shapes import Maker
from zilliance.errors import AppError

# Types that do not fit are the caller's affair. Words, names and parameters that do not fit would be ours.
OURS = (
    asyncpg.PostgresSyntaxError,
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.AmbiguousColumnError,
    asyncpg.DuplicateAliasError,
    asyncpg.UndefinedParameterError,
    asyncpg.IndeterminateDatatypeError,
    asyncpg.AmbiguousParameterError,
)


async def test_every_statement_can_be_prepared(shop: Shop) -> None:
    random, prepared = Random(3), Counter[str]()  # noqa: S311
    for _ in range(600):
        shape = Maker(random).shape()
        try:
            text = statement(shape, shop.catalogue)
        except AppError:
            continue
        transaction = shop.connection.transaction()
        await transaction.start()
        try:
            await shop.connection.prepare(text)
        except OURS as error:
            raise AssertionError(f"{text}\n{shape}") from error
        except asyncpg.PostgresError:
            pass
        else:
            prepared[shape.action.name] += 1
        finally:
            await transaction.rollback()
    assert min(prepared.values()) >= 10, prepared
    assert len(prepared) == 5

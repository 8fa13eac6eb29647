"""Passwords: what a hash is, that nobody costs as much as somebody, and that hashing does not pile up."""

import asyncio
import statistics
import time

import pytest

from zilliance.errors import UnavailableError
from zilliance.passwords import MAX_LENGTH, MAX_WAITING, THREADS, hash_password, needs_rehash, verify_password


async def test_hash_is_argon2id_with_its_parameters_and_a_salt_of_its_own():
    one, two = await hash_password("correct horse"), await hash_password("correct horse")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != two
    assert await verify_password("correct horse", one)
    assert not await verify_password("correct horsf", one)


async def test_nobody_has_no_password():
    assert not await verify_password("", None)
    assert not await verify_password("anything", None)


async def test_every_character_counts_up_to_the_limit():
    encoded = await hash_password("x" * MAX_LENGTH)
    assert await verify_password("x" * MAX_LENGTH, encoded)
    assert not await verify_password("x" * (MAX_LENGTH - 1) + "y", encoded)
    assert not await verify_password("x" * (MAX_LENGTH + 1), encoded)


async def test_password_too_long_to_be_one_is_not_the_empty_one():
    assert not await verify_password("x" * (MAX_LENGTH + 1), await hash_password(""))


@pytest.mark.parametrize("encoded", ["", "plain", "$2b$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=1"])
async def test_hash_that_is_none_fits_no_password(encoded: str):
    assert not await verify_password("plain", encoded)


async def test_text_of_any_script_is_a_password():
    encoded = await hash_password("pässwörd \0 😀")
    assert await verify_password("pässwörd \0 😀", encoded)


async def test_older_parameters_are_noticed():
    assert not needs_rehash(await hash_password("correct horse"))
    assert needs_rehash("$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$" + "A" * 43)


async def test_nobody_costs_as_much_as_somebody():
    encoded = await hash_password("correct horse")
    seconds: dict[str | None, list[float]] = {encoded: [], None: []}
    for _ in range(10):
        for each, taken in seconds.items():
            start = time.process_time()  # waiting for a core is no work
            await verify_password("a guess", each)
            taken.append(time.process_time() - start)
    somebody, nobody = min(seconds[encoded]), min(seconds[None])
    assert nobody > somebody / 2, "an account that is not there must not be answered at once"
    assert statistics.median(seconds[None]) > 0.002


async def test_more_than_the_places_are_turned_away_and_the_rest_served():
    places = THREADS + MAX_WAITING
    answers = await asyncio.gather(
        *(verify_password("a guess", None) for _ in range(places + 10)), return_exceptions=True
    )
    refused = [answer for answer in answers if isinstance(answer, UnavailableError)]
    assert len(refused) == 10
    assert refused[0].status == 503
    assert refused[0].headers["Retry-After"]
    assert [answer for answer in answers if answer is False] == [False] * places
    assert await verify_password("a guess", None) is False, "places are given back"


async def test_event_loop_runs_while_hashing():
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(hash_password("correct horse") for _ in range(6)))
    ticking.cancel()
    assert ticks > 1

"""The gateway as a front end uses it: published and called with the official Python client, on the whole platform."""

import pytest
from supabase_functions.errors import FunctionsHttpError

from tests.conformance.outside import HOST, PETS
from tests.e2e.python_client import Python

PET = "proxy-api-request?path=/pets/1"


async def test_an_owner_publishes_an_endpoint_and_a_front_end_calls_it_with_a_key(python: Python) -> None:
    owner = (await python.person()).client
    endpoint = {"name": "Pets", "path": "/pets/{id}", "method": "GET", "target_url": f"{HOST}/pets/{{id}}"}
    await owner.table("api_endpoints").insert(endpoint).execute()
    key = (await owner.rpc("create_api_key", {"name": "front end"}).execute()).data
    assert isinstance(key, dict)

    visitor = await python.client()
    asked = {"headers": {"x-api-key": key["key"]}, "responseType": "json"}
    for options in ({**asked, "method": "GET"}, asked):  # the second one is a POST that names the method
        answer = await visitor.functions.invoke(PET if "method" in options else f"{PET}&method=GET", options)
        assert answer == PETS["1"]
    with pytest.raises(FunctionsHttpError, match="x-api-key"):
        await visitor.functions.invoke(PET, {"method": "GET"})

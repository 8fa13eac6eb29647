"""Files that others are let at, or kept from, with the official Python client against the whole platform."""

from storage3._async.file_api import AsyncBucketProxy
from storage3.types import CreateSignedUploadUrlOptions

from tests.e2e.python_client import Person, Python, storage_refusal

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c636460f8cf500f00038601805a347d6b0000000049454e44ae426082"
)
TAKEN = ("409", "Duplicate", "The resource already exists")
MISSING = ("404", "not_found", "Object not found")
FORBIDDEN = ("403", "Unauthorized", "new row violates row-level security policy")


async def test_signed_urls(owner: Person, mine: AsyncBucketProxy, python: Python) -> None:
    path, missing = owner.path("signed.txt"), owner.path("missing.txt")
    await mine.upload(path, b"signed")
    url = (await mine.create_signed_url(path, 60, {"download": "täst.txt"}))["signedURL"]
    assert url is not None
    answer = await python.http.get(url)
    assert (answer.status_code, answer.content) == (200, b"signed")
    assert answer.headers["content-disposition"].endswith("filename*=UTF-8''t%C3%A4st.txt")
    plain = (await mine.create_signed_url(path, 60))["signedURL"]
    assert plain is not None
    assert "content-disposition" not in (await python.http.get(plain)).headers
    saved = (await mine.create_signed_url(path, 60, {"download": True}))["signedURL"]
    assert saved is not None
    assert (await python.http.get(saved)).headers["content-disposition"].startswith("attachment")
    assert (await python.http.get(url.replace("signed.txt", "other.txt"))).json()["code"] == "InvalidSignature"
    assert await storage_refusal(mine.create_signed_url(missing, 60)) == MISSING
    good, bad = await mine.create_signed_urls([path, missing], 60)
    assert (good["error"], good["path"], bad["path"], bad["signedURL"]) == (None, path, missing, None)
    assert bad["error"] == "Either the object does not exist or you do not have access to it"
    assert good["signedURL"] is not None
    assert (await python.http.get(good["signedURL"])).content == b"signed"


async def test_addresses_of_names_with_signs(owner: Person, mine: AsyncBucketProxy, python: Python) -> None:
    thumbnails = owner.client.storage.from_("thumbnails")
    for name in ("with space.png", "a+b&c=d@e;f:g,h$.png", "(round)!'*_-.png"):
        path = owner.path(f"signs/{name}")
        await mine.upload(path, PNG)
        signed = (await mine.create_signed_url(path, 60))["signedURL"]
        assert signed is not None
        await thumbnails.upload(path, PNG, {"content-type": "image/png"})
        for url in (signed, await thumbnails.get_public_url(path)):
            assert (await python.http.get(url)).content == PNG
        given = await mine.create_signed_upload_url(path, CreateSignedUploadUrlOptions(upsert="true"))
        assert (await python.http.put(given["signed_url"], content=b"new")).status_code == 200
        assert await mine.download(path) == b"new"


async def test_signed_uploads(owner: Person, other: Person, mine: AsyncBucketProxy, python: Python) -> None:
    path = owner.path("given.txt")
    token = (await mine.create_signed_upload_url(path))["token"]
    stranger = (await python.client()).storage.from_("documents")
    given = await stranger.upload_to_signed_url(path, token, b"given", {"metadata": {"by": "token"}})
    assert (given.path, given.full_path) == (path, f"documents/{path}")
    assert await mine.download(path) == b"given"
    assert (await mine.info(path))["metadata"] == {"by": "token"}
    assert await storage_refusal(stranger.upload_to_signed_url(path, token, b"twice")) == TAKEN
    again = (await mine.create_signed_upload_url(path, CreateSignedUploadUrlOptions(upsert="true")))["token"]
    await stranger.upload_to_signed_url(path, again, b"again")
    assert await mine.download(path) == b"again"
    foreign = other.client.storage.from_("documents")
    elsewhere = stranger.upload_to_signed_url(owner.path("another.txt"), token, b"x")
    assert (await storage_refusal(elsewhere))[1] == "InvalidSignature"
    assert await storage_refusal(foreign.create_signed_upload_url(owner.path("x.txt"))) == FORBIDDEN


async def test_public_files(owner: Person, other: Person, python: Python) -> None:
    avatars = owner.client.storage.from_("avatars")
    path = owner.path("me.png")
    await avatars.upload(path, PNG, {"content-type": "image/png", "cache-control": "7"})
    url = await avatars.get_public_url(path)
    answer = await python.http.get(url)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert (answer.headers["content-type"], answer.headers["accept-ranges"]) == ("image/png", "bytes")
    assert "max-age=7" in answer.headers["cache-control"]
    unchanged = {"if-none-match": answer.headers["etag"]}
    assert (await python.http.get(url, headers=unchanged)).status_code == 304
    part = await python.http.get(url, headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"PNG", f"bytes 1-3/{len(PNG)}")
    head = await python.http.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(PNG)), b"")
    saved = await python.http.get(await avatars.get_public_url(path, {"download": "face.png"}))
    assert "filename=face.png" in saved.headers["content-disposition"].replace('"', "")
    theirs = other.client.storage.from_("avatars")
    foreign = theirs.upload(owner.path("you.png"), PNG, {"content-type": "image/png"})
    assert await storage_refusal(foreign) == FORBIDDEN
    text = avatars.upload(owner.path("page.html"), b"<script>", {"content-type": "text/html"})
    assert await storage_refusal(text) == ("415", "invalid_mime_type", "mime type text/html is not supported")
    await storage_refusal(avatars.upload(owner.path("fake.png"), b"<script>", {"content-type": "image/png"}))
    assert await avatars.exists(owner.path("fake.png")) is False


async def test_anothers_files_do_not_exist(
    owner: Person, other: Person, mine: AsyncBucketProxy, python: Python
) -> None:
    path, stolen = owner.path("secret.txt"), other.path("stolen.txt")
    await mine.upload(path, b"canary")
    theirs = other.client.storage.from_("documents")
    for asked in (theirs.info(path), theirs.download(path), theirs.create_signed_url(path, 60),
                  theirs.copy(path, stolen), theirs.move(path, stolen)):  # fmt: skip
        assert await storage_refusal(asked) == MISSING
    assert await theirs.exists(path) is False
    assert await theirs.list(owner.id) == []
    assert (await theirs.list_v2({"prefix": owner.id})).objects == []
    assert await theirs.remove([path]) == []
    assert (await python.http.get(await mine.get_public_url(path))).status_code == 400
    for given in (
        theirs.upload(path, b"x", {"upsert": "true"}),
        theirs.update(path, b"x"),
        mine.move(path, stolen),
        mine.copy(path, stolen),
    ):
        assert await storage_refusal(given) == FORBIDDEN
    stranger = (await python.client()).storage.from_("documents")
    assert await storage_refusal(stranger.download(path)) == MISSING
    assert await mine.download(path) == b"canary"

"""Forms, however the network cuts them into pieces."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.storage.forms import FORM_BYTES, Form
from zilliance.errors import AppError

TYPE = 'multipart/form-data; boundary="b0undary"'


def _form(file: bytes, after: bytes = b"") -> bytes:
    return (
        b'--b0undary\r\nContent-Disposition: form-data; name="cacheControl"\r\n\r\n60\r\n'
        b'--b0undary\r\ncontent-disposition: form-data; name=""; filename="blob"\r\nContent-TYPE: image/png\r\n\r\n'
        + file
        + b"\r\n"
        + after
        + b"--b0undary--\r\nepilogue"
    )


async def _pieces(body: bytes, cuts: list[int]) -> AsyncIterator[bytes]:
    start = 0
    for end in [*sorted(cuts), len(body)]:
        yield body[start:end]
        start = end


async def _read(body: bytes, cuts: list[int]) -> tuple[Form, bytes]:
    form = Form(_pieces(body, cuts), TYPE)
    await form.reach_file()
    return form, b"".join([chunk async for chunk in form.chunks()])


@given(
    st.lists(
        st.sampled_from([b"\r\n", b"--b0undary", b"\r", b"\n", b"-", b"--", b"b0undar", b"x", b"\x00"]), max_size=12
    ),
    st.lists(st.integers(min_value=0, max_value=300), max_size=8),
)
async def test_the_file_is_the_same_however_it_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    file = b"".join(pieces)
    if b"\r\n--b0undary" in b"\r\n" + file:
        return
    after = b'--b0undary\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{}\r\n'
    form, read = await _read(_form(file, after), [min(cut, 200) for cut in cuts])
    assert read == file
    assert (form.text("cacheControl"), form.text("metadata"), form.text("absent")) == ("60", "{}", None)
    assert form.file_type == "image/png"


@pytest.mark.parametrize("size", range(0, len(_form(b"file")) - len(b"\r\nepilogue"), 7))
async def test_a_form_that_breaks_off(size: int) -> None:
    with pytest.raises(AppError) as caught:
        await _read(_form(b"file")[:size], [3, 50])
    assert caught.value.code == "IncompleteBody"


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "x" * 300],
)
def test_a_boundary_is_needed(content_type: str) -> None:
    with pytest.raises(AppError, match="boundary"):
        Form(_pieces(b"", []), content_type)


async def test_what_stands_beside_the_file_is_bounded() -> None:
    field = b'--b0undary\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n' + b"x" * 60_000 + b"\r\n"
    with pytest.raises(AppError, match="beside its file"):
        await _read(_form(b"file", field * 20), [])


async def test_the_file_itself_is_not_bounded_here() -> None:
    file = b"x" * (FORM_BYTES + 1)
    assert (await _read(_form(file), [1000, FORM_BYTES]))[1] == file

"""Canonical bytes: RFC 8785 where we and it agree, and nothing else is let in."""

import json
from typing import Any, Literal

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical
from evidence.errors import EvidenceError, MalformedError, NotCanonicalError
from evidence.statement import Wire

LIMIT = 1 << 20
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SAFE = st.integers(-canonical.MAX_SAFE_INTEGER, canonical.MAX_SAFE_INTEGER)
JSON = st.recursive(
    st.none() | st.booleans() | SAFE | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)
CELLS = st.none() | st.integers() | TEXT | st.floats(allow_nan=False, allow_infinity=False)


class Sample(Wire, frozen=True):
    """A struct with every kind of field that wire structs have."""

    data: bytes
    kind: Literal["sample"]
    names: dict[str, str | int]
    number: int
    rows: tuple[tuple[str | int | None, ...], ...]


SAMPLE = msgspec.json.Decoder(Sample)
SAMPLES = st.builds(
    Sample,
    data=st.binary(),
    kind=st.just("sample"),
    names=st.dictionaries(TEXT, TEXT | SAFE),
    number=SAFE,
    rows=st.lists(st.lists(st.none() | SAFE | TEXT).map(tuple)).map(tuple),
)


@given(JSON)
def test_encoding_is_that_of_rfc_8785(value: Any) -> None:
    """An independent implementation writes the same bytes, and they are read back."""
    data = canonical.encode(value)

    assert data == rfc8785.dumps(value)
    assert canonical.decode(data, limit=len(data)) == value


@given(SAMPLES)
def test_a_struct_is_read_from_its_canonical_bytes_only(sample: Sample) -> None:
    """Struct decoding accepts what generic encoding writes, whatever the characters."""
    data = canonical.encode(msgspec.to_builtins(sample))

    assert canonical.decode_as(data, SAMPLE, limit=len(data)) == sample


@given(SAMPLES, st.data())
def test_generic_and_struct_decoding_refuse_alike(sample: Sample, choices: st.DataObject) -> None:
    """A byte exchanged, dropped or put in is refused by both ways of reading, or read by both."""
    data = bytearray(canonical.encode(msgspec.to_builtins(sample)))
    at = choices.draw(st.integers(0, len(data) - 1))
    data[at : at + choices.draw(st.integers(0, 1))] = choices.draw(st.binary(max_size=1))
    changed = bytes(data)

    try:
        read = canonical.decode_as(changed, SAMPLE, limit=LIMIT)
    except EvidenceError:
        return
    assert canonical.encode(msgspec.to_builtins(read)) == changed
    assert msgspec.convert(canonical.decode(changed, limit=LIMIT), Sample) == read


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1\n",
        b"1.0",
        b"1.5",
        b"1e3",
        b"-0",
        b"NaN",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 30,
        b"1" * 100_000,
        b"1e999999",
        b'"\\u0041"',
        b'"\\/"',
        b'"\\u001F"',
        b'"\\ud800"',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf1",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"\xef\xbc\x8c":1,"\xf0\x9f\x98\x80":2}',
        b"[1,]",
        b"[" * 65 + b"]" * 65,
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
    ],
)
def test_refuses_every_other_spelling(data: bytes) -> None:
    """White space, floats, doubled or unordered keys, loose escapes, deep nesting."""
    with pytest.raises(NotCanonicalError):
        canonical.decode(data, limit=1 << 22)


@pytest.mark.parametrize(
    "data",
    [
        b'{"data":"YQ==","kind":"sample","names":{},"number":9007199254740992,"rows":[]}',
        b'{"data":"YQ==","kind":"sample","names":{},"number":1.0,"rows":[]}',
        b'{"data":"YR==","kind":"sample","names":{},"number":1,"rows":[]}',
        b'{"data":"YQ","kind":"sample","names":{},"number":1,"rows":[]}',
        b'{"data":"YQ==","kind":"sample","names":{},"number":1,"number":1,"rows":[]}',
        b'{"data":"YQ==","kind":"sample","names":{},"number":1,"rows":[],"z":1}',
        b'{"data":"YQ==","kind":"sample","names":{},"number":1}',
        b'{"kind":"sample","data":"YQ==","names":{},"number":1,"rows":[]}',
        b'{"data":"YQ==","kind":"other","names":{},"number":1,"rows":[]}',
        b'{"data":"YQ==","kind":"sample","names":{"b":1,"a":1},"number":1,"rows":[]}',
        b'{"data":"YQ==","kind":"sample","names":{},"number":1,"rows":[[true]]}',
    ],
)
def test_a_struct_refuses_every_other_spelling(data: bytes) -> None:
    """What generic decoding refuses, struct decoding refuses, and unknown fields as well."""
    with pytest.raises((NotCanonicalError, MalformedError)):
        canonical.decode_as(data, SAMPLE, limit=LIMIT)


def test_a_struct_has_its_keys_in_utf16_order() -> None:
    """Beyond the basic plane the order of UTF-8 is another, and is refused."""
    names: dict[str, str | int] = {"\uff0c": 1, "\U0001f600": 2}
    sample = Sample(data=b"", kind="sample", names=names, number=0, rows=())
    utf8_order = msgspec.json.encode(sample, order="sorted")
    utf16_order = canonical.encode(msgspec.to_builtins(sample))

    assert utf16_order == rfc8785.dumps(msgspec.to_builtins(sample, order="sorted") | {"rows": []})
    assert canonical.decode_as(utf16_order, SAMPLE, limit=LIMIT) == sample
    with pytest.raises(NotCanonicalError):
        canonical.decode_as(utf8_order, SAMPLE, limit=LIMIT)


def test_refuses_what_is_too_long_before_reading_it() -> None:
    """The limit is on the bytes, and one more than allowed is too many."""
    assert canonical.decode(b'"abc"', limit=5) == "abc"
    with pytest.raises(NotCanonicalError, match="5 bytes, more than the 4"):
        canonical.decode(b'"abc"', limit=4)


@pytest.mark.parametrize(
    "value", [1.5, 2**53, -(2**53), {1: 2}, "\ud800", {"\ud800": 1}, {1}, b"x"]
)
def test_refuses_to_encode_what_has_no_one_form(value: Any) -> None:
    """Floats, long integers, keys that are no text, lone surrogates and foreign types."""
    with pytest.raises(NotCanonicalError):
        canonical.encode(value)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2)))
def test_a_table_is_sorted_lines_that_are_read_back(rows: list[list[Any]]) -> None:
    """Every row is kept, also twice, and long integers and reals come back as decimal text."""
    data = canonical.encode_table(rows)
    read = canonical.decode_table(data, width=2, limit=len(data))

    assert data.splitlines(keepends=True) == sorted(data.splitlines(keepends=True))
    assert canonical.encode_table(read) == data
    assert canonical.encode_table(reversed(rows)) == data
    assert len(read) == len(rows)


def test_long_integers_and_reals_travel_as_text() -> None:
    """So that no reader rounds them, and truth travels as SQL has it."""
    data = canonical.encode_table([(2**53 - 1, 2**53, -(2**63), 0.1, True, None)])

    assert json.loads(data) == [2**53 - 1, str(2**53), str(-(2**63)), "0.1", 1, None]


def test_rows_without_columns_are_kept() -> None:
    """A table of which only rows were counted has one empty line a row."""
    data = canonical.encode_table([(), ()])

    assert data == b"[]\n[]\n"
    assert canonical.decode_table(data, width=0, limit=100) == [(), ()]


@pytest.mark.parametrize(
    "data",
    [
        b"[1,2]",
        b"[2,2]\n[1,2]\n",
        b"[1,2]\n\n",
        b"\n[1,2]\n",
        b"[1]\n",
        b"[1,2,3]\n",
        b"[1, 2]\n",
        b"[1,2.0]\n",
        b"[1,true]\n",
        b"[1,[2]]\n",
        b"[1,{}]\n",
        b"[1,\n2]\n",
        b"{}\n",
        b"[9007199254740992,1]\n",
        b'[1,"\xff"]\n',
        b"[1,2]\r\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_refuses_a_table_that_would_be_written_otherwise(data: bytes) -> None:
    """Order, line ends, width, spelling and types are all fixed."""
    with pytest.raises(NotCanonicalError):
        canonical.decode_table(data, width=2, limit=1 << 20)


def test_text_shows_what_is_not_text() -> None:
    """Undecodable bytes and NUL become escapes, everything else stays."""
    assert canonical.text("名".encode() + b"\xff\0a") == "名\\xff\\x00a"

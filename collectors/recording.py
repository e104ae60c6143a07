"""What a recording says, once it is known to say it in the form a recorder writes.

Everything in it comes from the file, which may come from anybody: each name, number and reference
is checked here, so that `collectors.recorded` can take it as it stands.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from collectors import archive
from collectors.errors import BadRecordingError

_NUMBERS = 12
_MAX_PATH = 4096
"""PATH_MAX: the longest the kernel would have taken, or said."""
_ESCAPE = re.compile(r"\\(?:(\\)|x([89a-f][0-9a-f]))|\\")
_PLACE = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[^/\0]+)+|/")
_NAME = re.compile(r"(?!\.{1,2}\Z)[^/\0]+")

Errno = Annotated[int, msgspec.Meta(ge=1, le=4095)]
Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Said = Annotated[str, msgspec.Meta(max_length=256, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""What people are shown, so that nothing in it acts on a terminal."""
Count = Annotated[int, msgspec.Meta(ge=0)]
Left = Literal["program", "secret", "too_large", "too_slow"]
T = TypeVar("T")


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the recorder saw."""

    uid: Count
    capabilities: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{0,16}$")]
    """In hexadecimal; empty where there was no /proc to say."""
    namespaces: Annotated[dict[Said, Said], msgspec.Meta(max_length=16)]
    hidepid: Said


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The head of a recording: of which machine it is, when and how it was made."""

    format: Literal["anfang-recording"]
    version: Literal[1]
    recorded: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$"
        ),
    ]
    """When it began, in UTC: what "now" is for whoever judges it."""
    ended: Said
    program: Said
    python: Said
    hostname: Said
    kernel: Said
    architecture: Said
    byte_order: Literal["little", "big"]
    page_size: Annotated[int, msgspec.Meta(ge=4096, le=2**22)]
    clock_ticks: Annotated[int, msgspec.Meta(ge=1, le=10**6)]
    view: View
    tables: tuple[str, ...]
    paths: tuple[str, ...]
    programs: tuple[tuple[str, ...], ...]
    dumps: tuple[int, ...]
    limits: tuple[str, ...]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found at one place, links on the way resolved."""

    path: str
    stat: (
        Annotated[tuple[int, ...], msgspec.Meta(min_length=_NUMBERS, max_length=_NUMBERS)] | None
    ) = None
    """The ten numbers of `os.stat_result`, device number, block size; None: `errno` says why."""
    names: tuple[str, ...] | None = None
    """What a directory lists; None: it was not asked, or `errno` says why."""
    target: str | None = None
    """What a link says."""
    content: Digest | None = None
    errno: Errno | None = None
    left: Left | None = None
    """Why the content was left out."""
    reduced: bool = False
    """Whether secrets were taken out of the content."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one program, or the kernel about one kind of objects, answered."""

    argv: tuple[str, ...] = ()
    dump: Count = 0
    returncode: int = 0
    stdout: Digest | None = None
    stderr: Digest | None = None
    data: Digest | None = None
    errno: Errno | None = None
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording."""

    manifest: Manifest
    entries: Mapping[str, Entry]
    """By place; undecodable bytes are surrogate escapes, as in names from the kernel."""
    programs: Mapping[tuple[str, ...], Answer]
    dumps: Mapping[int, Answer]
    contents: Mapping[str, bytes]


def manifest(path: Path) -> Manifest:
    """The head of the recording at `path`, and no more of it read.

    Raises:
        BadRecordingError: it is no recording, or of a kind this version does not know.
        OSError: it cannot be read.
    """
    name, data = next(archive.members(path), ("", b""))
    if name != archive.MANIFEST:
        raise BadRecordingError(f"{archive.MANIFEST} is missing")
    return _manifest(data)


def load(path: Path) -> Recording:
    """All of the recording at `path`; errors as `manifest`."""
    found = dict(archive.members(path))
    for name in (archive.MANIFEST, archive.ENTRIES, archive.ANSWERS):
        if name not in found:
            raise BadRecordingError(f"{name} is missing")
    contents = {
        name.removeprefix(archive.CONTENT): data
        for name, data in found.items()
        if name.startswith(archive.CONTENT)
    }
    entries: dict[str, Entry] = {}
    for entry in _lines(found[archive.ENTRIES], Entry):
        kept = _checked(entry, contents)
        if kept.path in entries:
            raise BadRecordingError(f"{entry.path} stands there twice")
        entries[kept.path] = kept
    answers = _lines(found[archive.ANSWERS], Answer)
    for answer in answers:
        for digest in (answer.stdout, answer.stderr, answer.data):
            _must_have(digest, contents)
    return Recording(
        _manifest(found[archive.MANIFEST]),
        entries,
        {answer.argv: answer for answer in answers if answer.argv},
        {answer.dump: answer for answer in answers if not answer.argv},
        contents,
    )


def _manifest(data: bytes) -> Manifest:
    try:
        said = msgspec.json.decode(data, type=Manifest)
        datetime.fromisoformat(said.recorded)
    except (msgspec.DecodeError, ValueError) as e:
        raise BadRecordingError(f"{archive.MANIFEST}: {e}") from e
    if said.byte_order != sys.byteorder:
        raise BadRecordingError(f"recorded on a {said.byte_order}-endian machine, this is none")
    return said


def _lines(data: bytes, kind: type[T]) -> list[T]:
    try:
        return msgspec.json.Decoder(kind).decode_lines(data)
    except msgspec.DecodeError as e:
        raise BadRecordingError(str(e)) from e


def _checked(entry: Entry, contents: Mapping[str, bytes]) -> Entry:
    """`entry` with its texts as the kernel has them; BadRecordingError if it makes no sense."""
    place = _unescaped(entry.path)
    names = None if entry.names is None else tuple(map(_unescaped, entry.names))
    target = None if entry.target is None else _unescaped(entry.target)
    if (
        max(len(place), len(target or "")) > _MAX_PATH
        or not _PLACE.fullmatch(place)
        or not all(map(_NAME.fullmatch, names or ()))
        or (target is not None and (not target or "\0" in target))
        or (entry.stat is None and entry.errno is None)
        or any(not 0 <= number < 2**64 for number in (entry.stat or ()))
    ):
        raise BadRecordingError(f"{entry.path!r} cannot be")
    _must_have(entry.content, contents)
    return msgspec.structs.replace(entry, path=place, names=names, target=target)


def _must_have(digest: str | None, contents: Mapping[str, bytes]) -> None:
    if digest is not None and digest not in contents:
        raise BadRecordingError(f"content {digest} is missing")


def _unescaped(text: str) -> str:
    """A path as a recorder escapes it, with surrogate escapes for undecodable bytes."""
    if "\\" not in text:
        return text

    def plain(found: re.Match[str]) -> str:
        if found[1]:
            return "\\"
        if not found[2]:
            raise BadRecordingError(f"{text!r} is not escaped as a recorder does it")
        return chr(0xDC00 + int(found[2], 16))

    return _ESCAPE.sub(plain, text)

"""An archive that a recorder did not write is refused, whatever it would have had us do."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors import archive, recorder
from collectors.errors import BadRecordingError
from collectors.recording import load, manifest

EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module", name="sound")
def _sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The members of a small recording."""
    request = {
        "tables": [],
        "paths": ["/proc/self/mountinfo", "/etc/hostname"],
        "programs": [["/usr/bin/true", "-"]],
        "dumps": [],
    }
    made = recorder.record(request)
    return dict(recorder.members(recorder.manifest(request, made, "test"), made))


def written(path: Path, members: dict[str, bytes]) -> Path:
    """A file with these members, in this order."""
    recorder.write(str(path), iter(members.items()))
    return path


def refused(path: Path) -> str:
    """Why the file at `path` is no recording."""
    with pytest.raises(BadRecordingError) as caught:
        load(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["host.tar", "host.tar.gz"])
def test_what_was_written_is_read(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    """Packed or not, the members come back as they were."""
    assert dict(archive.members(written(tmp_path / name, sound))) == sound


def test_a_recording_is_a_tar_archive(sound: dict[str, bytes], tmp_path: Path) -> None:
    """Whoever has no other tool than tar can look into it."""
    with tarfile.open(written(tmp_path / "host.tar.gz", sound)) as archived:
        assert archived.getnames() == list(sound)
        assert all(member.isreg() and member.mode == 0o600 for member in archived)
        head = archived.extractfile("manifest.json")
        assert head is not None
        assert json.load(head)["format"] == "anfang-recording"


def test_the_same_is_written_the_same(sound: dict[str, bytes], tmp_path: Path) -> None:
    """No time, user or order of this run is in it."""
    one, two = (written(tmp_path / f"{i}.tar.gz", sound).read_bytes() for i in (1, 2))

    assert one == two


def test_it_is_for_its_owner_and_replaces_nothing(sound: dict[str, bytes], tmp_path: Path) -> None:
    """A new file that only its owner reads; a file or link that is there already is left alone."""
    path = written(tmp_path / "host.tar", sound)
    (tmp_path / "link.tar").symlink_to(tmp_path / "victim")

    assert path.stat().st_mode & 0o777 == 0o600
    for taken in (path, tmp_path / "link.tar"):
        with pytest.raises(FileExistsError):
            written(taken, sound)
    assert not (tmp_path / "victim").exists()


def test_what_could_not_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    """Half a recording would be taken for one."""

    def broken() -> Iterator[tuple[str, bytes]]:
        yield "manifest.json", b"{}"
        raise OSError(28, "full")

    with pytest.raises(OSError, match="full"):
        recorder.write(str(tmp_path / "host.tar"), broken())

    assert list(tmp_path.iterdir()) == []


def _link(archived: tarfile.TarFile) -> None:
    member = tarfile.TarInfo("manifest.json")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/shadow"
    archived.addfile(member)


def _elsewhere(archived: tarfile.TarFile) -> None:
    archived.addfile(tarfile.TarInfo("../../etc/cron.d/x"), io.BytesIO())


def _extended(archived: tarfile.TarFile) -> None:
    member = tarfile.TarInfo("manifest.json")
    member.pax_headers = {"comment": "x" * 100_000}
    archived.addfile(member)


def _device(archived: tarfile.TarFile) -> None:
    member = tarfile.TarInfo("manifest.json")
    member.type = tarfile.CHRTYPE
    archived.addfile(member)


@pytest.mark.parametrize("member", [_link, _elsewhere, _extended, _device])
def test_a_member_that_no_recorder_writes_is_refused(
    member: Callable[[tarfile.TarFile], None], tmp_path: Path
) -> None:
    """Links, devices, extended headers and other names have no meaning here."""
    path = tmp_path / "hostile.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archived:
        member(archived)

    assert "not written by a recorder" in refused(path)


def test_a_size_is_not_believed(tmp_path: Path) -> None:
    """A header that announces gigabytes is refused before anything is set aside for them."""
    path = tmp_path / "vast.tar"
    path.write_bytes(recorder.header("manifest.json", 8**11 - 1) + b"{}")

    assert "too large" in refused(path)


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than a recording may hold is left packed."""
    monkeypatch.setattr(archive, "MAX_TOTAL", 1000)
    monkeypatch.setattr(archive, "MAX_LINES", 100)
    contents = sorted((hashlib.sha256(data).hexdigest(), data) for data in _alike(900))
    bomb = {f"content/{digest}": data for digest, data in contents}

    assert "too large" in refused(written(tmp_path / "bomb.tar.gz", bomb))


def _alike(size: int) -> Iterator[bytes]:
    """Contents of one size, none twice, each packed to next to nothing."""
    return (bytes([number]) * size for number in range(9))


def test_a_file_cut_off_anywhere_is_refused(sound: dict[str, bytes], tmp_path: Path) -> None:
    """A recording ends where it says it ends, packed or not."""
    for name in ("host.tar", "host.tar.gz"):
        whole = written(tmp_path / name, sound).read_bytes()
        for size in (0, 1, 300, 512, len(whole) // 2, len(whole) - 1):
            (tmp_path / "cut").write_bytes(whole[:size])
            refused(tmp_path / "cut")
        (tmp_path / "more").write_bytes(whole + b"\0")
        refused(tmp_path / "more")


def test_a_changed_byte_is_noticed(sound: dict[str, bytes], tmp_path: Path) -> None:
    """Content stands under its digest."""
    (digest,) = [name for name in sound if name.startswith("content/") and EMPTY not in name][:1]

    path = written(tmp_path / "host.tar", {**sound, digest: b"something else"})

    assert "holds something else" in refused(path)


@pytest.mark.parametrize(
    "line",
    [
        b'{"path":"relative","errno":2}\n',
        b'{"path":"/etc/../shadow","errno":2}\n',
        b'{"path":"/etc//passwd","errno":2}\n',
        b'{"path":"/nul\\u0000","errno":2}\n',
        b'{"path":"/odd\\\\q","errno":2}\n',
        b'{"path":"/nothing-said"}\n',
        b'{"path":"/etc","errno":2,"other":1}\n',
        b'{"path":"/etc","errno":-2}\n',
        b'{"path":"/short","stat":[1,2]}\n',
        b'{"path":"/minus","stat":[33188,-1,1,1,0,0,0,0,0,0,0,0]}\n',
        b'{"path":"/up","stat":[16877,1,1,1,0,0,0,0,0,0,0,0],"names":[".."]}\n',
        b'{"path":"/deep","stat":[16877,1,1,1,0,0,0,0,0,0,0,0],"names":["a/b"]}\n',
        b'{"path":"/lacking","stat":[33188,1,1,1,0,0,0,0,0,0,0,0],"content":"'
        + b"0" * 64
        + b'"}\n',
        b'{"path":"/long","stat":[41471,1,1,1,0,0,0,0,0,0,0,0],"target":"' + b"a/" * 2049 + b'"}\n',
        b'{"path":"/twice","errno":2}\n{"path":"/twice","errno":13}\n',
        b"[" * 100_000,
        b"\xff\n",
    ],
)
def test_an_entry_that_cannot_be_is_refused(
    line: bytes, sound: dict[str, bytes], tmp_path: Path
) -> None:
    """Paths that leave their place, numbers that are none, references to nothing."""
    assert refused(written(tmp_path / "host.tar", {**sound, "entries.jsonl": line}))


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"format": "other"},
        {"recorded": "yesterday"},
        {"recorded": "2026-19-39T00:00:00Z"},
        {"byte_order": "big"},
        {"page_size": 0},
        {"hostname": "\x1b[2J"},
        {"kernel": "k" * 300},
        {"unknown": 1},
    ],
)
def test_a_head_that_is_not_understood_is_refused(
    change: dict[str, object], sound: dict[str, bytes], tmp_path: Path
) -> None:
    """A version to come, another machine's byte order, nonsense."""
    head = json.dumps({**json.loads(sound["manifest.json"]), **change}).encode()
    path = written(tmp_path / "host.tar", {**sound, "manifest.json": head})

    assert refused(path)
    with pytest.raises(BadRecordingError):
        manifest(path)


def test_members_stand_in_order(sound: dict[str, bytes], tmp_path: Path) -> None:
    """The head comes first and nothing comes twice."""
    turned = dict(reversed(sound.items()))
    short = {name: data for name, data in sound.items() if name != "answers.jsonl"}

    assert "out of order" in refused(written(tmp_path / "turned.tar", turned))
    assert "is missing" in refused(written(tmp_path / "short.tar", short))

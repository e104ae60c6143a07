"""A recorded host answers as the host did, and tells what nobody asked from what was not there."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collectors import recorder
from collectors.errors import (
    CoveredError,
    NotAFileError,
    NotRecordedError,
    TooLargeError,
    condition_of,
)
from collectors.host import LiveHost
from collectors.processes import processes
from collectors.recorded import RecordedHost
from facts.status import Status, condition
from tests.collectors.namespaces import mounted, run

ALWAYS = ["/proc/self/mountinfo"]


def told(tmp_path: Path, *paths: str, programs: Any = (), dumps: Any = ()) -> RecordedHost:
    """This machine, recorded by these patterns and programs."""
    request = {"tables": [], "paths": [*ALWAYS, *paths], "programs": programs, "dumps": dumps}
    made = recorder.record(request)
    file = tmp_path / "told.tar"
    recorder.write(str(file), recorder.members(recorder.manifest(request, made, "test"), made))
    return RecordedHost.at(file)


def same(live: Callable[[], object], then: Callable[[], object]) -> bool:
    """Whether both answer the same, or fail the same way."""
    answers: list[object] = []
    for ask in (live, then):
        try:
            answers.append(ask())
        except OSError as e:
            answers.append((type(e), e.errno, e.filename))
    return answers[0] == answers[1]


@pytest.mark.parametrize(
    ("call", "path"),
    [
        ("read", "/etc/os-release"),
        ("read", "/etc/hostname"),
        ("read", "/lib/os-release"),
        ("read", "/etc"),
        ("read", "/etc/there-is-none"),
        ("read", "/etc/hostname/inside"),
        ("read", "/proc/sys/net/ipv4/route/flush"),
        ("names", "/etc/default"),
        ("names", "/etc/hostname"),
        ("names", "/etc/there-is-none"),
        ("link", "/etc/os-release"),
        ("link", "/etc/hostname"),
        ("stat", "/etc/os-release"),
        ("stat", "/dev/null"),
        ("stat", "/etc/../etc/./hostname"),
    ],
)
def test_it_answers_as_the_host_did(call: str, path: str, tmp_path: Path) -> None:
    """Content, names, links, metadata, and the kernel's own errors."""
    live = LiveHost()
    then = told(
        tmp_path,
        *("/etc/os-release", "/etc/hostname", "/etc/there-is-none", "/etc/default", "/dev/null"),
        *("/lib/os-release", "/proc/sys/net/ipv4/route/flush"),
    )

    assert same(lambda: getattr(live, call)(path), lambda: getattr(then, call)(path))


def test_what_nobody_asked_for_is_not_absent(tmp_path: Path) -> None:
    """Not recorded, where an empty directory or a missing file would have been a finding."""
    then = told(tmp_path, "/etc/default/*")

    for ask in (then.read, then.names, then.stat, then.link):
        with pytest.raises(NotRecordedError) as caught:
            ask("/etc/passwd")
        assert condition_of(caught.value, "") == condition(
            Status.UNREADABLE, "not_recorded", "/etc/passwd"
        )
    with pytest.raises(NotRecordedError):
        then.run(["/usr/bin/true", "--version"])
    with pytest.raises(NotRecordedError):
        then.dump(18)


def test_what_a_listing_lacks_was_not_there(tmp_path: Path) -> None:
    """A pattern lists its directory, so a name that is not listed is missing for sure."""
    then = told(tmp_path, "/etc/default/*")

    with pytest.raises(FileNotFoundError):
        then.read("/etc/default/no-such-name")


def test_programs_and_the_kernel_are_quoted(tmp_path: Path) -> None:
    """Exit code and both outputs; a program that is missing is missing."""
    failing = ["/usr/bin/ls", "/there-is-none"]
    missing = ["/usr/bin/there-is-none", "-x"]
    then = told(tmp_path, programs=[failing, missing], dumps=[18])

    assert then.run(failing) == LiveHost().run(failing)
    with pytest.raises(FileNotFoundError):
        then.run(missing)
    assert b"lo\0" in then.dump(18)


def test_limits_are_kept_as_on_the_host(tmp_path: Path) -> None:
    """A caller's own cap counts, also where the recorder took more."""
    then = told(tmp_path, "/etc/passwd", programs=[["/usr/bin/ls", "/"]])

    with pytest.raises(TooLargeError):
        then.read("/etc/passwd", limit=3)
    with pytest.raises(TooLargeError):
        then.run(["/usr/bin/ls", "/"], limit=3)


def test_a_program_is_noted_and_not_copied(tmp_path: Path) -> None:
    """Its metadata can be had, its text cannot."""
    then = told(tmp_path, "/usr/bin/ls")

    assert then.stat("/usr/bin/ls").st_size == Path("/usr/bin/ls").stat().st_size
    with pytest.raises(NotRecordedError):
        then.read("/usr/bin/ls")


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A device or FIFO is noted and never opened."""
    os.mkfifo(tmp_path / "fifo")
    then = told(tmp_path, f"{tmp_path}/fifo", "/dev/zero")

    for path in (f"{tmp_path}/fifo", "/dev/zero"):
        with pytest.raises(NotAFileError):
            then.read(path)


def test_names_that_are_no_text_come_back_as_they_were(tmp_path: Path) -> None:
    """Undecodable bytes, backslashes and line feeds in names and targets survive the way."""
    odd = tmp_path / "odd"
    odd.mkdir()
    for name in (b"caf\xe9", b"a\\x41", b"two\nlines", "中文".encode()):
        (odd / os.fsdecode(name)).write_bytes(name)
        (odd / os.fsdecode(b"to-" + name)).symlink_to(os.fsdecode(name))

    then = told(tmp_path, f"{odd}/**")

    assert then.names(str(odd)) == LiveHost().names(str(odd))
    for link in filter(lambda name: name.startswith("to-"), then.names(str(odd))):
        assert then.read(f"{odd}/{link}") == os.fsencode(link[3:])


def test_a_source_that_was_covered_stays_covered(tmp_path: Path) -> None:
    """The mounts of the time are judged by the same rule as those of a live host."""
    file = tmp_path / "covered.tar"
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); from collectors import recorder as r; "
        "q = {'tables': [], 'programs': [], 'dumps': [], "
        "'paths': ['/proc/self/mountinfo', '/etc/ssh/*', '/etc/passwd']}; m = r.record(q); "
        "r.write(sys.argv[1], r.members(r.manifest(q, m, 't'), m))"
    )
    root = Path(__file__).parents[2]
    here = [*mounted("mount -t tmpfs none /etc/ssh"), "python3", "-c", program]
    run([*here, str(file), str(root)])

    then = RecordedHost.at(file)

    assert then.read("/etc/passwd").startswith(b"root:")
    for path in ("/etc/ssh", "/etc/ssh/sshd_config"):
        with pytest.raises(CoveredError):
            then.stat(path)


def test_the_numbers_are_those_of_the_machine_that_was_recorded(tmp_path: Path) -> None:
    """Pages and ticks are of the machine, not of who judges it."""
    then = told(tmp_path, "/proc/<pid>/stat", "/proc/self/status", "/proc/self/ns/*")
    then.machine = then.machine._replace(page_size=65536) if then.machine else None

    (row,) = (r for r in processes(then, frozenset({"resident_size"})).rows if r["pid"] == 1)

    assert row["resident_size"] == 65536 * int(Path("/proc/1/stat").read_text().split()[23])

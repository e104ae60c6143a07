"""The seam reads what is there, and nothing makes it hang, leave its root or answer for others."""

import os
import time
from pathlib import Path

import pytest

from collectors.errors import (
    CoveredError,
    NotAFileError,
    NotLiveError,
    TooLargeError,
    TooSlowError,
    condition_of,
)
from collectors.host import Host, LiveHost, RootHost
from facts.status import Condition, Status, condition
from tests.collectors.roots import root


@pytest.fixture(params=["live", "root"])
def host(request: pytest.FixtureRequest) -> Host:
    """Both kinds of host over the same files: they must answer the same."""
    return LiveHost() if request.param == "live" else RootHost(Path("/"))


def test_a_file_is_read_whole(host: Host) -> None:
    """A file reads as any other program reads it, through a symbolic link too."""
    assert host.read("/etc/passwd") == Path("/etc/passwd").read_bytes()
    assert host.read("/etc/os-release") == Path("/usr/lib/os-release").read_bytes()


def test_pieces_are_the_whole(host: Host) -> None:
    """The pieces of a file joined are the file."""
    program = Path("/usr/bin/dpkg")

    pieces = list(host.chunks(str(program), limit=program.stat().st_size))

    assert len(pieces) > 1
    assert b"".join(pieces) == program.read_bytes()


def test_names_are_sorted(host: Host) -> None:
    """A directory lists sorted."""
    assert host.names("/etc") == sorted(path.name for path in Path("/etc").iterdir())


def test_links_and_metadata(host: Host) -> None:
    """A link tells where it points; metadata is of the target, or of the link if asked."""
    assert host.link("/etc/os-release") == "../usr/lib/os-release"
    assert host.stat("/etc/os-release").st_ino == Path("/usr/lib/os-release").stat().st_ino
    assert (
        host.stat("/etc/os-release", follow=False).st_ino == Path("/etc/os-release").lstat().st_ino
    )


def test_what_is_missing_is_said_to_be(host: Host) -> None:
    """A missing file and a file on the way are the errors the kernel has for them."""
    with pytest.raises(FileNotFoundError):
        host.read("/etc/there-is-no-such-file")
    with pytest.raises(NotADirectoryError):
        host.read("/etc/passwd/inside")
    with pytest.raises(IsADirectoryError):
        host.read("/etc")


def test_a_limit_is_kept(host: Host) -> None:
    """A file of exactly the limit is read, one byte more is refused."""
    size = Path("/etc/passwd").stat().st_size

    assert len(host.read("/etc/passwd", limit=size)) == size
    with pytest.raises(TooLargeError):
        host.read("/etc/passwd", limit=size - 1)


def test_a_device_is_not_opened(host: Host) -> None:
    """An endless device is refused, not read."""
    with pytest.raises(NotAFileError):
        host.read("/dev/zero")


def test_a_fifo_never_hangs(tmp_path: Path) -> None:
    """Where a FIFO stands for a file, the scan goes on at once."""
    os.mkfifo(tmp_path / "fifo")
    started = time.monotonic()

    for host, path in ((LiveHost(), f"{tmp_path}/fifo"), (RootHost(tmp_path), "/fifo")):
        with pytest.raises(NotAFileError):
            host.read(path)

    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "target",
    [
        "/etc/secret",
        "../../../../../../../../etc/secret",
        "/a/../../etc/secret",
        "/loop/etc/secret",
    ],
)
def test_a_root_is_never_left(tmp_path: Path, target: str) -> None:
    """Absolute links and any number of `..` end below the root, where the file is another."""
    inside = root(
        tmp_path / "root",
        {"/etc/secret": "inside", "/a/link": f"-> {target}", "/loop": "-> /"},
    )

    assert inside.read("/a/link") == b"inside"
    assert inside.stat("/a/link").st_size == len("inside")


def test_a_root_stays_closed_to_what_lies_outside(tmp_path: Path) -> None:
    """A link to a file that exists outside only leads nowhere."""
    outside = tmp_path / "outside"
    outside.write_text("secret")
    inside = root(tmp_path / "root", {"/link": f"-> {outside}", "/up": "-> ../outside"})

    for path in ("/link", "/up", "/../outside"):
        with pytest.raises(FileNotFoundError):
            inside.read(path)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """A circle of links is an error, not a loop."""
    inside = root(tmp_path, {"/a": "-> /b", "/b": "-> /a"})

    with pytest.raises(OSError, match="symbolic links"):
        inside.read("/a")


def test_an_error_names_the_path_that_was_asked(tmp_path: Path) -> None:
    """An error in a root names the path as the host would see it."""
    with pytest.raises(FileNotFoundError) as caught:
        RootHost(tmp_path).read("/etc/passwd")

    assert caught.value.filename == "/etc/passwd"


def test_names_that_are_no_text_can_be_read_back(tmp_path: Path) -> None:
    """A name with undecodable bytes is listed so that it opens."""
    (tmp_path / os.fsdecode(b"caf\xe9.conf")).write_text("x")
    host = RootHost(tmp_path)

    (name,) = host.names("/")

    assert host.read(f"/{name}") == b"x"


def test_a_program_has_no_environment_no_input_no_terminal() -> None:
    """A program gets the C locale and nothing else, and stands in a session of its own."""
    answer = LiveHost().run(["/usr/bin/env"])
    silent = LiveHost().run(["/usr/bin/cat"])

    assert answer.stdout == b"LC_ALL=C\n"
    assert (silent.returncode, silent.stdout) == (0, b"")


def test_both_outputs_are_read_at_once() -> None:
    """A program that fills one pipe and then the other does not stall."""
    script = (
        "import sys; sys.stderr.write('e' * 300000); sys.stdout.write('o' * 300000); sys.exit(3)"
    )

    answer = LiveHost().run(["/usr/bin/python3", "-c", script])

    assert (answer.returncode, len(answer.stdout), len(answer.stderr)) == (3, 300000, 300000)


def test_a_slow_program_is_ended_with_its_children(tmp_path: Path) -> None:
    """After its time a program is gone, and so is what it started."""
    left = tmp_path / "pid"
    script = f"/usr/bin/sleep 60 & echo $! > {left}; wait"

    with pytest.raises(TooSlowError):
        LiveHost().run(["/bin/sh", "-c", script], timeout_s=1)

    for _ in range(100):
        if not _runs(int(left.read_text())):
            break
        time.sleep(0.02)
    assert not _runs(int(left.read_text()))


def _runs(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_a_loud_program_is_ended() -> None:
    """A program that says more than the cap is killed at once."""
    with pytest.raises(TooLargeError):
        LiveHost().run(["/usr/bin/yes"], limit=1000)


def test_programs_are_named_by_absolute_path() -> None:
    """There is no search path, so a bare name is refused."""
    with pytest.raises(ValueError, match="absolute path"):
        LiveHost().run(["true"])
    with pytest.raises(FileNotFoundError):
        LiveHost().run(["/usr/bin/there-is-no-such-program"])


def test_a_root_runs_nothing(tmp_path: Path) -> None:
    """A recorded root has no programs, whatever files lie in it."""
    with pytest.raises(NotLiveError):
        root(tmp_path, {"/usr/sbin/sshd": "#!/bin/sh\n"}).run(["/usr/sbin/sshd", "-T"])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(13, "no"), condition(Status.DENIED, "permission_denied", "/x")),
        (FileNotFoundError(2, "no"), condition(Status.UNREADABLE, "source_missing", "/x")),
        (OSError(5, "no"), condition(Status.UNREADABLE, "read_failed", "/x", "EIO")),
        (
            CoveredError("foreign_mount", "/etc", "tmpfs"),
            condition(Status.UNREADABLE, "foreign_mount", "/etc", "tmpfs"),
        ),
        (TooLargeError("/y", 9), condition(Status.OVER_BUDGET, "too_large", "/y", "9")),
        (TooSlowError("/y", 1.5), condition(Status.OVER_BUDGET, "program_timeout", "/y", "1.5")),
        (NotLiveError("/y"), condition(Status.UNSUPPORTED, "not_live", "/y")),
    ],
)
def test_every_error_is_a_condition(error: OSError, expected: Condition) -> None:
    """Whatever goes wrong at the seam has one condition, and none of them is complete."""
    assert condition_of(error, "/x") == expected


def test_a_program_is_asked_once(tmp_path: Path) -> None:
    """Tables that rest on one program rest on one answer, also where it is none."""
    counter = tmp_path / "asked"
    argv = ["/bin/sh", "-c", f"echo x >> {counter}; cat {counter}"]
    slow = ["/bin/sh", "-c", f"echo x >> {counter}; sleep 5"]
    host = LiveHost()

    answers = {host.run(argv).stdout for _ in range(3)}
    for _ in range(2):
        with pytest.raises(TooSlowError):
            host.run(slow, timeout_s=0.1)

    assert answers == {b"x\n"}
    assert counter.read_text() == "x\nx\n"

"""`anfang record`, and `scan` and `query` of what it wrote: of the host of then."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.running import anfang
from tests.hosts.built import HOSTS, built, unpacked


@pytest.fixture(scope="module", name="recording")
def _recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This host, for two tables."""
    file = tmp_path_factory.mktemp("record") / "host.tar.gz"
    done = anfang("record", "--out", str(file), "--tables", "users,os_version")
    assert (done.returncode, done.stdout) == (0, f"{file}\n"), done.stderr
    return file


@pytest.fixture(scope="module", name="debian")
def _debian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another host, of another day."""
    return built("debian", tmp_path_factory.mktemp("debian") / "debian.tar")


def test_a_recorded_host_answers_as_it_would_have(recording: Path) -> None:
    """The same rows as here, without asking here."""
    sql = "SELECT * FROM users ORDER BY uid"

    then = anfang("query", sql, "--json", "--root", str(recording))
    now = anfang("query", sql, "--json")

    assert (then.returncode, then.stdout) == (0, now.stdout)


def test_what_was_not_asked_then_is_said(recording: Path) -> None:
    """An empty answer that is not known to be empty ends in 3."""
    done = anfang("query", "SELECT * FROM groups", "--json", "--root", str(recording))

    assert (done.returncode, json.loads(done.stdout)) == (3, [])
    assert "/etc/group was not recorded" in done.stderr


def test_the_impact_is_said_first_in_the_language_of_who_asked(tmp_path: Path) -> None:
    """What is read, what it costs, what the file holds; and its size at the end."""
    file = tmp_path / "host.tar"

    done = anfang("record", "--out", str(file), "--tables", "os_version", lang="zh")

    assert done.stderr.startswith("本程序只读取")
    assert "按内部敏感文件保管" in done.stderr
    assert f"{file.stat().st_size} 字节" in done.stderr


def test_now_is_when_it_was_recorded(debian: Path) -> None:
    """The clock of SQL, and the start of processes, are of that day."""
    sql = "SELECT datetime('now') AS now, (SELECT start_time FROM processes WHERE pid = 1) AS up"

    done = anfang("query", sql, "--json", "--root", str(debian))

    assert json.loads(done.stdout) == [{"now": "2026-11-20 02:00:00", "up": 1795300000}]


def test_a_scan_is_of_the_recorded_host(debian: Path, tmp_path: Path) -> None:
    """Its name, its time and the view of who recorded it are in the report; it is unsigned."""
    done = anfang("scan", "--json", "--root", str(debian), state=tmp_path / "none")

    said = json.loads(done.stdout)
    report = said["report"]
    read_at = {table["read_at"] for table in report["tables"]}
    conditions = {table["name"]: table["condition"]["status"] for table in report["tables"]}
    assert done.returncode == 1, done.stderr
    assert not said["signed"]
    assert report["host"]["name"] == "web01"
    assert report["scan"]["started"] == "2026-11-20T02:00:00Z"
    assert read_at == {"2026-11-20T02:00:00Z"}
    assert report["scan"]["clock"] == {"synchronised": None, "offset_ms": None}
    assert report["view"]["root"] == "recorded"
    assert report["view"]["capabilities"] == "000001ffffffffff"
    assert conditions["anfang_chain"] == "unsupported"
    assert conditions["processes"] == "complete"


def test_no_check_passes_on_what_a_recording_does_not_say() -> None:
    """Of a notebook's devices alone nothing about its accounts or services is judged."""
    done = anfang(
        "scan", "--json", "--root", str(HOSTS / "laptop/host.tar.gz"), state=Path("/none")
    )

    report = json.loads(done.stdout)["report"]
    verdicts = {verdict["check"]: verdict["verdict"] for verdict in report["verdicts"]}
    tables = {table["name"]: table["condition"]["status"] for table in report["tables"]}
    assert tables["usb_devices"] == "complete"
    assert tables["systemd_units"] == "unreadable"
    assert verdicts["CEP-AUD-001"] == "unknown"
    assert "pass" not in {verdicts["CEP-AGT-001"], verdicts["CEP-AUD-004"]}


def test_a_directory_is_judged_as_a_disk(tmp_path: Path) -> None:
    """A mounted root answers what its files say, and of what only runs it says that."""
    disk = unpacked("container-host", tmp_path / "disk")

    done = anfang("query", "SELECT name FROM docker_containers", "--json", "--root", str(disk))
    running = anfang("query", "SELECT pid FROM processes", "--root", str(disk))

    assert json.loads(done.stdout) == [{"name": "/web"}]
    assert running.returncode == 3
    assert "only be read on the running host" in running.stderr


@pytest.mark.parametrize("command", [("scan",), ("query", "SELECT * FROM users")])
def test_what_is_no_recording_is_refused(
    command: tuple[str, ...], debian: Path, tmp_path: Path
) -> None:
    """Missing, something else, damaged at its head, or cut off behind it: 2, and why."""
    (tmp_path / "noise").write_bytes(os.urandom(5000))
    (tmp_path / "cut").write_bytes(debian.read_bytes()[:20_000])

    for name, why in (("none", "not there"), ("noise", "not a sound"), ("cut", "ends too early")):
        done = anfang(*command, "--root", str(tmp_path / name), state=tmp_path / "state")
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert why in done.stderr


def test_a_device_is_no_recording(tmp_path: Path) -> None:
    """What has no end, or nobody at its other end, is not opened."""
    os.mkfifo(tmp_path / "fifo")

    for path in ("/dev/zero", f"{tmp_path}/fifo"):
        done = anfang("query", "SELECT 1", "--root", path)

        assert done.returncode == 2
        assert "neither a directory nor a file" in done.stderr


def test_a_file_that_is_there_is_not_replaced(recording: Path) -> None:
    """Somebody's file stays somebody's file."""
    before = recording.read_bytes()

    done = anfang("record", "--out", str(recording))

    assert done.returncode == 2
    assert "File exists" in done.stderr
    assert recording.read_bytes() == before


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A typing error does not record something else."""
    done = anfang("record", "--out", str(tmp_path / "x"), "--tables", "users,usersz")

    assert done.returncode == 2
    assert "no table usersz" in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_classified_system_is_not_recorded(tmp_path: Path) -> None:
    """Nothing of it is read, nothing is written."""
    config = tmp_path / "agent.toml"
    config.write_text("classified = true\n")

    done = anfang("record", "--out", str(tmp_path / "x"), config=str(config))

    assert done.returncode == 3
    assert not (tmp_path / "x").exists()


def test_what_the_recorder_for_old_hosts_wrote_is_judged_like_it(tmp_path: Path) -> None:
    """The single file, made and run as README says, and its recording scanned."""
    root = Path(__file__).parents[2]
    program, file = tmp_path / "anfang-record.py", tmp_path / "host.tar"
    environment = {**os.environ, "PYTHONPATH": str(root)}
    made = [sys.executable, str(root / "scripts/recorder.py"), str(program)]
    subprocess.run(made, env=environment, cwd=root, check=True, capture_output=True)
    subprocess.run([program, "--out", file], check=True, capture_output=True)

    done = anfang(
        "query", "SELECT username FROM users WHERE uid = 0", "--root", str(file), "--json"
    )

    assert json.loads(done.stdout) == [{"username": "root"}]

"""The configuration: read once, frozen, handed down.

Defaults, then `/etc/anfang/agent.toml`, then `/etc/anfang/agent.d/*.toml` in the order of their
names; with `--config FILE` that file alone. An unknown key is an error that names the nearest
known one, so that a misspelt limit is never silently without effect.
"""

import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from agent.errors import ConfigError

FILE = Path("/etc/anfang/agent.toml")
DIRECTORY = Path("/etc/anfang/agent.d")
MAX_BYTES = 64 * 1024
"""The longest configuration file that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What an administrator may set on a host."""

    state: str = "/var/lib/anfang"
    """Directory of this host's keys, chain, spool and receipts; absolute, mode 0700."""

    classified: bool = False
    """Whether this is a classified system (涉密信息系统). True: every command that would scan,
    export or send refuses, and says why."""

    interval_s: int = 3600
    """Seconds between scheduled scans, where no assignment promises an interval; 60 … 604800."""

    scan_cpu_s: int = 10
    """CPU seconds that one scan may use; 1 … 600. What is beyond is `over_budget`."""

    scan_wall_s: int = 60
    """Seconds that one scan may last; 1 … 3600."""

    scan_memory_mib: int = 384
    """Address space that a scan may map, in MiB; 128 … 4096. It uses about a tenth."""

    query_wall_s: int = 10
    """Seconds that reading the tables for one `anfang query` may last; 1 … 600."""

    send_timeout_s: int = 30
    """Seconds to wait for the server, for connecting and for each read; 1 … 600."""

    keep_reports: int = 48
    """How many receipted reports stay in the spool, beside all without a receipt; 1 … 100000."""


INTERVAL_S = (60, 604_800)
"""The shortest and the longest interval between two scans, whoever asks for it."""

_RANGES: dict[str, tuple[int, int]] = {
    "interval_s": INTERVAL_S,
    "scan_cpu_s": (1, 600),
    "scan_wall_s": (1, 3600),
    "scan_memory_mib": (128, 4096),
    "query_wall_s": (1, 600),
    "send_timeout_s": (1, 600),
    "keep_reports": (1, 100_000),
}


def load(file: Path | None = None) -> Config:
    """The configuration of this host, or that of `file` alone.

    Raises:
        ConfigError: a file is unreadable, not TOML, or says what it cannot; the message names
            file, key and remedy.
    """
    config = Config()
    for path in [file] if file is not None else _found():
        config = _with(config, path)
    return config


def _found() -> list[Path]:
    files = [FILE] if FILE.exists() else []
    try:
        found = sorted(DIRECTORY.iterdir())
    except FileNotFoundError:
        return files
    except OSError as e:
        raise _unreadable(DIRECTORY, e) from e
    return [*files, *(path for path in found if path.suffix == ".toml")]


def _with(config: Config, path: Path) -> Config:
    try:
        with path.open("rb") as f:
            data = f.read(MAX_BYTES + 1)
    except OSError as e:
        raise _unreadable(path, e) from e
    if len(data) > MAX_BYTES:
        raise ConfigError(
            f"{path}: 超过 {MAX_BYTES} 字节，不像是配置文件",
            f"{path}: longer than {MAX_BYTES} bytes, which no configuration is",
        )
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path}: 不是有效的 TOML: {e}", f"{path}: not valid TOML: {e}") from e
    return replace(config, **{key: _checked(path, key, value) for key, value in values.items()})


def _checked(path: Path, key: str, value: Any) -> Any:
    kinds = {field.name: type(field.default).__name__ for field in fields(Config)}
    if key not in kinds:
        from difflib import get_close_matches  # noqa: PLC0415  # only on the way to an error

        near = get_close_matches(key, kinds, n=1, cutoff=0)[0]
        raise ConfigError(
            f"{path}: 没有配置项 {key!r}，是否应为 {near!r}？",
            f"{path}: there is no setting {key!r}; did you mean {near!r}?",
        )
    if type(value).__name__ != kinds[key]:
        zh, en = _KINDS[kinds[key]]
        raise ConfigError(
            f"{path}: {key} 应为{zh}，现为 {value!r}", f"{path}: {key} must be {en}, not {value!r}"
        )
    if key in _RANGES:
        low, high = _RANGES[key]
        if not low <= value <= high:
            raise ConfigError(
                f"{path}: {key} 应在 {low} 至 {high} 之间，现为 {value}",
                f"{path}: {key} must be between {low} and {high}, not {value}",
            )
    if key == "state" and not value.startswith("/"):
        raise ConfigError(
            f"{path}: state 应为绝对路径，现为 {value!r}",
            f"{path}: state must be an absolute path, not {value!r}",
        )
    return value


_KINDS = {
    "str": ("带引号的文本", "a quoted text"),
    "bool": ("true 或 false", "true or false"),
    "int": ("整数", "an integer"),
}


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path}: 无法读取：{error.strerror}；请检查文件是否存在及其权限",
        f"{path}: cannot be read: {error.strerror}; check that it exists and its mode",
    )

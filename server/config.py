"""The server's configuration: `anfang-server.toml` in the data directory, read once.

An unknown key is an error that names the nearest known one, so that a misspelt setting is never
silently without effect.
"""

import ipaddress
import re
import tomllib
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from server.errors import UsageError

NAME = "anfang-server.toml"
DEFAULT_LISTEN = "127.0.0.1:8443"
MAX_BYTES = 64 * 1024
"""The longest configuration that is read."""

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
_ORIGIN = re.compile(r"[!-*,-~]{1,200}")  # visible ASCII without `+`, as a signed note wants


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What an administrator may set on a server."""

    origin: str
    """The name of the log, in every checkpoint and receipt; never changes once hosts enrolled."""

    host_names: tuple[str, ...]
    """Names and addresses by which agents and browsers reach the server; the certificate holds
    them, and is issued anew at the next start after they changed."""

    listen: str = DEFAULT_LISTEN
    """Address and port to listen on; `[::]:8443` for every address."""

    profile: str = "std"
    """Algorithms of keys and digests; `std` is Ed25519 with SHA-256."""

    classified: bool = False
    """Whether this is a classified system (涉密信息系统). True: the server refuses to start."""

    @property
    def address(self) -> tuple[str, int]:
        """`listen` as host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.removeprefix("[").removesuffix("]"), int(port)


_LISTS = {"host_names"}
_REQUIRED = tuple(f.name for f in fields(Config) if f.name in {"origin", "host_names"})


def load(directory: Path) -> Config:
    """The configuration in the data directory `directory`.

    Raises:
        UsageError: it is unreadable, not TOML, or says what it cannot; the message names file,
            key and remedy.
    """
    path = directory / NAME
    try:
        with path.open("rb") as f:
            data = f.read(MAX_BYTES + 1)
    except FileNotFoundError as e:
        raise UsageError(
            f"{path}: 文件不存在；请先执行：anfang-server init {directory}",
            f"{path}: no such file; first: anfang-server init {directory}",
        ) from e
    except OSError as e:
        raise UsageError(
            f"{path}: 无法读取：{e.strerror}；请检查其权限",
            f"{path}: cannot be read: {e.strerror}; check its mode",
        ) from e
    if len(data) > MAX_BYTES:
        raise UsageError(
            f"{path}: 超过 {MAX_BYTES} 字节，不像是配置文件",
            f"{path}: longer than {MAX_BYTES} bytes, which no configuration is",
        )
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise UsageError(f"{path}: 不是有效的 TOML: {e}", f"{path}: not valid TOML: {e}") from e
    checked = {key: _checked(path, key, value) for key, value in values.items()}
    for key in _REQUIRED:
        if key not in checked:
            raise UsageError(f"{path}: 缺少配置项 {key}", f"{path}: the setting {key} is missing")
    config = Config(**checked)
    check(config, str(path))
    return config


def check(config: Config, where: str) -> None:
    """Nothing, if every setting of `config` is possible; `where` is named otherwise.

    Raises:
        UsageError: a setting is impossible.
    """
    if not _ORIGIN.fullmatch(config.origin):
        raise UsageError(
            f"{where}: origin 只能用可见 ASCII 字符且不含 +，现为 {config.origin!r}",
            f"{where}: origin takes visible ASCII without `+`, not {config.origin!r}",
        )
    if not config.host_names:
        raise UsageError(
            f"{where}: host_names 至少要有一个名称或地址",
            f"{where}: host_names needs one name or address at least",
        )
    for name in config.host_names:
        if not _is_address(name) and not _HOST_NAME.fullmatch(name):
            raise UsageError(
                f"{where}: {name!r} 不是主机名或 IP 地址",
                f"{where}: {name!r} is neither a host name nor an IP address",
            )
    host, _, port = config.listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not _is_address(bare) or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004  # the last port
        raise UsageError(
            f"{where}: listen 应写作“地址:端口”，例如 127.0.0.1:8443，现为 {config.listen!r}",
            f"{where}: listen is ADDRESS:PORT, such as 127.0.0.1:8443, not {config.listen!r}",
        )
    if config.profile != "std":
        raise UsageError(
            f'{where}: 本版本只支持 profile = "std"，现为 {config.profile!r}',
            f'{where}: this version knows profile "std" only, not {config.profile!r}',
        )


def render(config: Config) -> str:
    """`config` as the text of a configuration file, with a comment before each setting."""
    names = ", ".join(f'"{name}"' for name in config.host_names)
    return (
        "# Anfang 服务器配置，修改后重启生效 / server configuration; restart to apply\n"
        "\n# 存证日志名称，启用后不得修改 / name of the log; never changes once hosts enrolled\n"
        f'origin = "{config.origin}"\n'
        "\n# 客户端和浏览器访问本服务器所用的名称与地址 / names and addresses in the certificate\n"
        f"host_names = [{names}]\n"
        "\n# 监听地址与端口 / address and port to listen on\n"
        f'listen = "{config.listen}"\n'
        "\n# 密码算法套件 / algorithms\n"
        f'profile = "{config.profile}"\n'
        "\n# 是否涉密信息系统；为 true 时拒绝启动 / classified system; true refuses to start\n"
        f"classified = {'true' if config.classified else 'false'}\n"
    )


def _checked(path: Path, key: str, value: Any) -> Any:
    names = [f.name for f in fields(Config)]
    if key not in names:
        near = get_close_matches(key, names, n=1, cutoff=0)[0]
        raise UsageError(
            f"{path}: 没有配置项 {key!r}，是否应为 {near!r}？",
            f"{path}: there is no setting {key!r}; did you mean {near!r}?",
        )
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(
                f'{path}: {key} 应为文本列表，例如 ["a", "b"]',
                f'{path}: {key} must be a list of texts, such as ["a", "b"]',
            )
        return tuple(value)
    wanted = bool if key == "classified" else str
    if type(value) is not wanted:
        zh, en = ("true 或 false", "true or false") if wanted is bool else ("文本", "a quoted text")
        raise UsageError(
            f"{path}: {key} 应为{zh}，现为 {value!r}", f"{path}: {key} must be {en}, not {value!r}"
        )
    return value


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True

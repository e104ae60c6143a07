"""Where a host's programs are told to use a proxy: each kind of file as settings with values.

A value may hold a password, so that it goes no further than to `collectors.proxies`, which keeps
host and port.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile

import msgspec

from collectors.config import decoded

_NAME = r"(?:https?|ftp|rsync|socks|all)_proxy"
_VARIABLE = re.compile(_NAME, re.IGNORECASE)
_ASSIGNMENT = re.compile(rf"(?:\w*Environment=)?({_NAME})=(.*)", re.IGNORECASE | re.DOTALL)
"""A word that sets a variable; systemd's settings may hold it."""
_NOT_EVALUATED = "$"
_APT_TOKEN = re.compile(
    r"//[^\n]*|#[^\n]*|/\*.*?\*/|\"((?:[^\"\\]|\\.)*)\"|([{};])|([^\s{};\"]+)", re.DOTALL
)
_APT_PROXY = re.compile(r"(?i)acquire::(\w+)::proxy(::.*|-auto-detect)?")
_GIT_SECTION = re.compile(r"(?i)https?( .*)?")
_DCONF_SECTION = "system/proxy"

Setting = tuple[str, str, str]
"""Name as it stands there, what it is for (`http`, `all`, `pac` …), and its value."""


def variables(data: bytes) -> Iterator[Setting]:
    """Environment variables, in a shell script, a unit, a list of them, or wgetrc.

    A line that the shell would not take for itself has a value that is not evaluated.
    """
    for line in _text(data).split("\n"):
        named = _VARIABLE.search(line)
        if named is None or line.lstrip().startswith("#"):
            continue
        try:
            found = list(_assigned(_words(line)))
        except ValueError:
            found = [(named[0], _NOT_EVALUATED)]
        for name, value in found:
            yield name, name.lower().removesuffix("_proxy"), value


def _words(line: str) -> list[str]:
    """The words of a line as the shell has them, as far as a comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(takewhile(lambda word: not word.startswith("#"), lexer))


def _assigned(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and value of each variable that is set: `a=b`, wgetrc's `a = b`, csh's `setenv a b`."""
    for place, word in enumerate(words):
        following = words[place + 1 : place + 3]
        if match := _ASSIGNMENT.fullmatch(word):
            yield match[1], match[2]
        elif _VARIABLE.fullmatch(word) and following:
            if following[0] == "=":
                yield word, "".join(following[1:])
            elif words[place - 1 : place] == ["setenv"]:
                yield word, following[0]


def packages(data: bytes) -> Iterator[Setting]:
    """The repositories and the main section of dnf.conf(5) and yum.conf(5)."""
    for section, key, value in _ini(data):
        if key == "proxy":
            yield f"{section}.proxy", "all", value


def npm(data: bytes) -> Iterator[Setting]:
    """What npmrc says; it has no sections."""
    for _, key, value in _ini(data):
        if key in ("proxy", "http-proxy", "https-proxy"):
            yield key, "https" if key == "https-proxy" else "http", value


def pip(data: bytes) -> Iterator[Setting]:
    """What pip.conf says, for all commands or one."""
    for section, key, value in _ini(data):
        if key == "proxy":
            yield f"{section}.proxy", "all", value


def git(data: bytes) -> Iterator[Setting]:
    """What gitconfig says, for all servers or one."""
    for section, key, value in _ini(data):
        if key.lower() == "proxy" and _GIT_SECTION.fullmatch(section):
            yield "http.proxy", "http", value


def apt(data: bytes) -> Iterator[Setting]:
    """What apt.conf(5) says; ValueError if its braces do not match."""
    scopes: list[list[str]] = []
    words: list[str] = []
    for quoted, mark, word in _APT_TOKEN.findall(_text(data)):
        if mark == "{":
            scopes.append(words[:1])
        elif mark in ("}", ";"):
            name = "::".join([*(part for scope in scopes for part in scope), *words[:1]])
            if len(words) > 1 and (match := _APT_PROXY.fullmatch(name)):
                yield name, match[1].lower(), words[1]
            if mark == "}":
                scopes.pop()
        else:
            if quoted or word:
                words.append(quoted or word)
            continue
        words = []
    if scopes or words:
        raise ValueError("cut")


def docker(data: bytes) -> Iterator[Setting]:
    """What the Docker daemon's JSON says."""
    try:
        said = msgspec.json.decode(data or b"{}")
    except (msgspec.DecodeError, RecursionError) as e:
        raise ValueError("no JSON") from e
    proxies = said.get("proxies") if isinstance(said, dict) else None
    for name in ("http-proxy", "https-proxy"):
        if isinstance(proxies, dict) and name in proxies:
            yield f"proxies.{name}", name.removesuffix("-proxy"), str(proxies[name])


def proxychains(data: bytes) -> Iterator[Setting]:
    """The list of proxychains.conf: kind, address and port, perhaps with an account."""
    inside = False
    for line in _text(data).split("\n"):
        words = line.split()
        if line.strip().startswith("["):
            inside = line.strip().lower() == "[proxylist]"
        elif inside and len(words) > 2 and not words[0].startswith("#"):  # noqa: PLR2004  # kind, address, port
            account = "account@" if len(words) > 3 else ""  # noqa: PLR2004  # and more
            yield "ProxyList", "all", f"{words[0]}://{account}{words[1]}:{words[2]}"


def dconf(data: bytes) -> Iterator[Setting]:
    """The desktop's proxies, in a key file of the system's database."""
    ports = {s: v for s, k, v in _ini(data) if k == "port"}
    for section, key, value in _ini(data):
        said = value.strip("'\"")
        if section == _DCONF_SECTION and key == "autoconfig-url":
            yield f"{section}/{key}", "pac", said
        elif section.startswith(f"{_DCONF_SECTION}/") and key == "host" and said:
            port = ports.get(section, "0")
            traffic = section.rpartition("/")[2]
            yield f"{section}/{key}", "all" if traffic == "socks" else traffic, f"{said}:{port}"


def _ini(data: bytes) -> Iterator[tuple[str, str, str]]:
    """Section, key and value of each line that sets one; continued lines set none."""
    section = ""
    for raw in _text(data).split("\n"):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section, closed, _ = line[1:].partition("]")
            if not closed:
                raise ValueError(line)
        elif "=" in line:
            key, _, value = line.partition("=")
            yield section, key.strip(), value.strip().strip("\"'")


def _text(data: bytes) -> str:
    """`data` as text; ValueError if it is none."""
    if b"\0" in data:
        raise ValueError("no text")
    return decoded(data)

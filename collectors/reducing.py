"""What a recording may hold of what was found: no secrets, no names of networks.

Needs Python 3.6 or later and its standard library, nothing else, because it is also a part of the
recorder for old hosts (`collectors.recorder`). A reduced text reads as the same facts: a password
hash becomes its kind, a setting with a secret keeps its name. What no rule can know for a secret,
such as a password that is a word of a command like any other, stays.
"""

import json
import re
from typing import Any, Callable, Optional, Pattern, Tuple

_REMOVED = b"..."

# Files whose content no recording holds, whatever is asked for: command lines and environments,
# what logs and histories say, keys, values that are others at each reading, and a database whose
# format nobody here reads.
_NEVER = re.compile(
    r"/proc/[0-9]+/(?:task/[0-9]+/)?(?:cmdline|environ|mem|maps|smaps|auxv)"
    r"|/proc/sys/(?:.*/stable_secret|net/ipv4/tcp_fastopen_key|kernel/random/uuid)"
    r"|/var/log/(?!(?:wtmp|btmp|lastlog)\Z).*|/(?:home/[^/]*|root)/\.[a-z_]*history"
    r"|/etc/ssh/ssh_host_[^/]*_key|/etc/ssl/private/.*|/etc/pki/tls/private/.*"
    r"|/etc/(?:chrony|ntp|ntpsec)/.*keys|/etc/(?:chrony|ntp)\.keys"
    r"|/sys/firmware/acpi/tables/MSDM.*|/etc/sysconfig/network-scripts/keys-.*|/var/lib/containerd/.*\.db"
)

_PRIVATE_KEY = re.compile(
    rb"(-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----).*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_URL_PASSWORD = re.compile(rb"(://[^\s/@:\"']*:)[^\s/\"']+@")
_CRYPTED = re.compile(rb"(\$(?:[1567y]|gy|2[abxy]|sm3)\$)[./0-9A-Za-z$=,]{16,}")
_SECRET = rb"(?:passw(?:or)?d|passphrase|psk|secret|wep-?key|token|_auth|api-?_?key|credential)"
_SETTING = re.compile(
    rb"(?im)^([^\S\n]*(?!\S*-(?:flags|type)\s*=)(?:export\s+|set(?:env)?\s+)?[\w.:/-]*"
    + _SECRET
    + rb"[\w.-]*(?:[^\S\n]*[=:][^\S\n]*|[^\S\n]+(?=\S+$)))\S[^\r\n]*$"
)
_OPTION = re.compile(
    rb"(?i)(--?[\w-]*" + _SECRET + rb"[\w-]*(?:=|[^\S\n]+)|[^\S\n]-p)(?=[^\s-])\S+"
)
_PROXY = re.compile(rb"(?m)^(\s*(?:http|socks[45]|raw)\s+\S+\s+\d+\s+)\S[^\r\n]*$")
_CONNECTION = re.compile(rb"(?im)^(\s*(?:ssid|essid|key\d*|pin|identity)\s*=\s*)\S[^\r\n]*$")
_NAME = re.compile(rb"(?m)^(\s*(?:id|NAME)\s*=\s*)\S[^\r\n]*$")
_WIRELESS = re.compile(
    rb"(?im)^\s*(?:type\s*=\s*\W?(?:wifi|802-11|bluetooth|wireless)|e?ssid\s*=|\[(?:wifi|bluetooth))"
)
_SSID = re.compile(rb"(?m)^\s*ssid .*$\n?")
_STATES = (b"", b"x", b"*", b"!", b"!!", b"!*")
_HASHED = re.compile(
    rb"(!*)(\$[A-Za-z0-9-]{1,16}[$,]|_(?=[./0-9A-Za-z]{19}\Z)|(?=[./0-9A-Za-z]{13}\Z))?"
)
_CONNECTIONS = re.compile(
    r"/(?:etc|run|usr/lib)/NetworkManager/system-connections/(?P<keyfile>[^/]*)"
    r"|/etc/sysconfig/network-scripts/ifcfg-(?P<ifcfg>[^/]*)"
)
_ENVIRONMENTS = frozenset(("env", "environment"))
_ARGUMENTS = frozenset(("args", "cmd", "command", "entrypoint", "onbuild", "healthcheck"))


def forbidden(path: str) -> bool:
    """Whether no recording holds the content of the file at `path`."""
    return _NEVER.fullmatch(path) is not None


def reduced(path: str, data: bytes) -> Optional[bytes]:
    """What a recording may hold of the file at `path`; None if that cannot be told."""
    try:
        for pattern, reduce in _REDUCERS:
            if pattern.fullmatch(path):
                data = reduce(data)
    except ValueError:
        return None
    return data


def answered(program: str, data: bytes) -> bytes:
    """What a recording may hold of what a program said."""
    return _text(_SSID.sub(b"", data) if program.endswith("/iw") else data)


def nameless(path: str, data: Optional[bytes]) -> Optional[str]:
    """What the file at `path` is called in a recording, `%d` a number; None: by its own name.

    Connections to Wi-Fi and telephones are called by a network's or a person's name.
    """
    found = _CONNECTIONS.fullmatch(path)
    if found is None or (data is not None and not _WIRELESS.search(data)):
        return None
    return "ifcfg-network-%d" if found.group("ifcfg") else "network-%d.nmconnection"


def _accounts(data: bytes) -> bytes:
    """The lines of /etc/shadow, /etc/gshadow or /etc/passwd, each hash cut down to its kind."""
    return b"\n".join(map(_account, data.split(b"\n")))


def _account(line: bytes) -> bytes:
    fields = line.split(b":")
    if len(fields) > 1 and not line.startswith(b"#"):
        fields[1] = _password(fields[1])
    return b":".join(fields)


def _password(field: bytes) -> bytes:
    """Lock and algorithm of a password field, in a text that crypt(5) takes for the same kind."""
    found = _HASHED.match(field)
    if found is None or found.group(2) is None:
        return field if field in _STATES else b"!*" if field.startswith(b"!") else b"*"
    lock, kind = found.group(1), found.group(2)
    if kind.startswith(b"$"):
        return lock + kind + _REMOVED
    return lock + (b"_" + b"." * 19 if kind == b"_" else b"." * 13)


def _connection(data: bytes) -> bytes:
    """A network connection without the network's name, its keys, and whose it is."""
    if _WIRELESS.search(data):
        data = _NAME.sub(rb"\1" + _REMOVED, data)
    return _CONNECTION.sub(rb"\1" + _REMOVED, data)


def _settings(data: bytes) -> bytes:
    return _PROXY.sub(rb"\1" + _REMOVED, _SETTING.sub(rb"\1" + _REMOVED, data))


def _commands(data: bytes) -> bytes:
    """Command lines without the passwords that are marked as such."""
    return _OPTION.sub(rb"\1" + _REMOVED, data)


def _container(data: bytes) -> bytes:
    """A container's or image's description without environment, arguments and labels.

    Raises:
        ValueError: it is no JSON, so nobody can tell what is in it.
    """
    return json.dumps(_stripped(json.loads(data.decode("utf-8")))).encode("ascii")


def _stripped(value: Any) -> Any:
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _stripped(below) for key, below in value.items() if key.lower() not in _ENVIRONMENTS
    }
    for key, below in kept.items():
        if key.lower() in _ARGUMENTS and isinstance(below, list):
            del below[1:]
    return kept


def _text(data: bytes) -> bytes:
    """Any text without private keys, password hashes, and passwords in addresses."""
    data = _PRIVATE_KEY.sub(rb"\1\n\2", data)
    data = _CRYPTED.sub(rb"\1" + _REMOVED, data)
    return _URL_PASSWORD.sub(rb"\1" + _REMOVED + b"@", data)


_REDUCERS: Tuple[Tuple[Pattern[str], Callable[[bytes], bytes]], ...] = (
    (re.compile(r"/etc/(?:shadow|gshadow|passwd)-?"), _accounts),
    (
        re.compile(
            r"/(?:etc|run|usr/lib)/(?:NetworkManager|wpa_supplicant|ppp|netplan)/.*"
            r"|/etc/sysconfig/network-scripts/.*"
        ),
        lambda data: _settings(_connection(data)),
    ),
    (
        re.compile(
            r"(?:/usr|/usr/local)?/etc/(?:environment|profile|bash\.?bashrc|bashrc|csh|zsh|wgetrc|npmrc)"
            r".*|/usr/lib/environment\.d/.*|/etc/(?:pip|xdg|git|proxychains|apt|yum|dnf|cups|default"
            r"|sysconfig|dconf|docker|rsyslog|syslog-ng|logrotate|distro\.repos).*"
        ),
        _settings,
    ),
    (
        re.compile(
            r"/etc/(?:cron|anacron|init\.d|rc).*|/etc/xdg/autostart/.*|/var/spool/(?:cron|at).*"
        ),
        lambda data: _settings(_commands(data)),
    ),
    (
        re.compile(
            r"/var/lib/docker/.*\.json|/var/lib/docker/image/.*/content/.*"
            r"|/(?:run|var/lib)/contain.*\.json"
        ),
        _container,
    ),
    (re.compile(r"/(?!proc/|sys/).*"), _text),
)

"""Who this host asks for names: resolv.conf(5), and behind a local stub the servers that asks.

A stub (systemd-resolved, or dnsmasq as NetworkManager and administrators run it) makes
resolv.conf say 127.0.0.53 or the like, which names nobody. Its upstream servers are rows of
their own; a stub whose upstream cannot be told makes the table partial.
"""

import errno
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from collectors.config import decoded, entries, lines, present
from collectors.errors import NotLiveError, condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.systemd_lists import assignments, listed, setting
from evidence.canonical import Cell
from facts.status import COMPLETE, Condition, Reason, Status

_RESOLV_CONF = "/etc/resolv.conf"
_NSSWITCH = "/etc/nsswitch.conf"
_RESOLVED = "systemd-resolved"
_RESOLVED_STUBS = ("127.0.0.53", "127.0.0.54")
_RESOLVED_UPSTREAM = "/run/systemd/resolve/resolv.conf"
_LINKS = {"/run/systemd/resolve/netif": "SERVERS", "/run/systemd/netif/links": "DNS"}
"""Where systemd keeps the servers of one link: those set by others, and those networkd knows."""
_INTERFACES = "/sys/class/net"
_NETWORK_MANAGER_UPSTREAM = "/run/NetworkManager/no-stub-resolv.conf"
_DNSMASQ = "/usr/sbin/dnsmasq"
_DNSMASQ_CONF = "/etc/dnsmasq.conf"
_DNSMASQ_DIRECTORY = "/etc/dnsmasq.d"
_DNSMASQ_UPSTREAM = "/run/dnsmasq/resolv.conf"
_DNSMASQ_SKIPPED = re.compile(r"\..*|#.*#|.*(?:~|\.bak|\.dpkg-\w+|\.rpm(?:new|save|orig))")
_MAX_NAMESERVERS = 3
"""How many of them the resolver uses (MAXNS in resolv.h)."""
_DEFAULT_OPTIONS = 0x2C1
"""Initialised, recursion, default domain, search list: what every resolver state has."""
_OPTIONS = {
    "debug": 0x2,
    "use-vc": 0x8,
    "rotate": 0x4000,
    "no-check-names": 0x8000,
    "edns0": 0x100000,
    "single-request": 0x200000,
    "single-request-reopen": 0x400000,
    "no_tld_query": 0x1000000,
    "no-tld-query": 0x1000000,
    "no-reload": 0x2000000,
    "trust-ad": 0x4000000,
    "no-aaaa": 0x8000000,
}
"""Words of the `options` line and their bits in resolv.h of the GNU C library."""
_SERVER = re.compile(
    r"(?:\[(?P<boxed>[^\]%]+)(?:%[^\]]*)?\]|(?P<v4>[0-9.]+)|(?P<v6>[0-9A-Fa-f:.]+))"
    r"(?:%[^#:]*)?(?::[0-9]+)?(?:%[^#]*)?(?:#.*)?"
)
"""An address as systemd writes it: with port, interface and the name its certificate must bear."""


@dataclass(slots=True)
class _ResolvConf:
    """What one file of resolv.conf's format says."""

    nameservers: list[str] = field(default_factory=list)
    search: list[str] = field(default_factory=list)
    sortlist: list[tuple[str, str]] = field(default_factory=list)
    options: int = _DEFAULT_OPTIONS
    malformed: str = ""
    """Where a line stands that no resolver understands."""


@dataclass(frozen=True, slots=True)
class _Upstream:
    """A server that a stub asks."""

    service: str
    address: str
    source: str
    interface: str = ""
    dns_over_tls: str | None = None


@dataclass(slots=True)
class _Behind:
    """What is known of the stubs."""

    servers: list[_Upstream] = field(default_factory=list)
    explained: list[str] = field(default_factory=list)
    """The stubs whose servers are known, be they none."""


def dns_resolvers(host: Host, columns: frozenset[str]) -> Observed:
    """The entries of resolv.conf, then the servers behind a stub; none on a host without both."""
    del columns
    said = _resolv_conf(host, _RESOLV_CONF) if _has_resolv_conf(host) else _ResolvConf()
    observed = _partial("malformed_source", said.malformed) if said.malformed else COMPLETE
    stubs = [address for address in said.nameservers if _is_loopback(address)]
    behind = _Behind()
    try:
        _look_behind(host, stubs, behind)
    except OSError as e:
        observed = Condition(Status.PARTIAL, condition_of(e, str(e.filename or "/run")).reason)
    for stub in stubs:
        if observed.complete and stub not in behind.explained:
            observed = _partial("stub_upstream_unknown", stub)
    rows = [*_configured(said), *map(_row, count(), behind.servers)]
    return Observed(rows, observed)


def _has_resolv_conf(host: Host) -> bool:
    """Whether it is there; the resolver does without it.

    Raises:
        FileNotFoundError: it leads to a place that was not recorded.
    """
    if present(host, _RESOLV_CONF):
        return True
    if not host.live:
        try:
            target = host.link(_RESOLV_CONF)
        except OSError:
            return False
        raise FileNotFoundError(errno.ENOENT, "not recorded", target)
    return False


def _resolv_conf(host: Host, path: str) -> _ResolvConf:
    """The file at `path` as the resolver of the GNU C library reads it."""
    found = _ResolvConf()
    for number, line in enumerate(decoded(host.read(path)).split("\n"), 1):
        keyword, *values = line.split() or [""]
        if not keyword or line[0] in "#;":
            continue
        if line[0].isspace() or keyword not in _KEYWORDS or not _KEYWORDS[keyword](found, values):
            found.malformed = f"{path}:{number}"
    return found


def _nameserver(found: _ResolvConf, values: Sequence[str]) -> bool:
    address = values[0].partition("%")[0] if values else ""
    if _is_address(address) and len(found.nameservers) < _MAX_NAMESERVERS:
        found.nameservers.append(values[0])
    return _is_address(address)


def _search(found: _ResolvConf, values: Sequence[str]) -> bool:
    found.search = list(values)
    return True


def _domain(found: _ResolvConf, values: Sequence[str]) -> bool:
    found.search = list(values[:1])
    return True


def _sortlist(found: _ResolvConf, values: Sequence[str]) -> bool:
    pairs = [value.partition("/")[::2] for value in values]
    found.sortlist += [(address, mask) for address, mask in pairs if _is_address(address)]
    return all(_is_address(address) for address, _ in pairs)


def _set_options(found: _ResolvConf, values: Sequence[str]) -> bool:
    for word in values:
        found.options |= _OPTIONS.get(word, 0)
    return True


_KEYWORDS = {
    "nameserver": _nameserver,
    "search": _search,
    "domain": _domain,
    "sortlist": _sortlist,
    "options": _set_options,
}


def _configured(said: _ResolvConf) -> Iterator[dict[str, Cell]]:
    common: dict[str, Cell] = {"options": said.options, "service": "", "source": _RESOLV_CONF}
    for number, address in enumerate(said.nameservers):
        yield {"id": number, "type": "nameserver", "address": address, **common}
    for number, (address, mask) in enumerate(said.sortlist):
        yield {"id": number, "type": "sortlist", "address": address, "netmask": mask, **common}
    for number, domain in enumerate(said.search):
        yield {"id": number, "type": "search", "address": domain, **common}


def _row(number: int, found: _Upstream) -> dict[str, Cell]:
    return {
        "id": number,
        "type": "upstream",
        "address": found.address,
        "service": found.service,
        "interface": found.interface,
        "dns_over_tls": found.dns_over_tls,
        "source": found.source,
    }


def _look_behind(host: Host, stubs: Sequence[str], behind: _Behind) -> None:
    """The servers behind the stubs at these loopback addresses, and behind nss-resolve(8)."""
    ours = [stub for stub in stubs if stub in _RESOLVED_STUBS]
    others = [stub for stub in stubs if stub not in _RESOLVED_STUBS]
    if ours or _asks_resolved(host):
        _look_behind_resolved(host, behind)
        behind.explained += ours
    if others and present(host, _NETWORK_MANAGER_UPSTREAM):
        behind.servers += _from_file(host, "NetworkManager", _NETWORK_MANAGER_UPSTREAM)
        behind.explained += others
    if others and present(host, _DNSMASQ):
        behind.explained += others if _look_behind_dnsmasq(host, behind) else ()


def _asks_resolved(host: Host) -> bool:
    """Whether programs ask a running systemd-resolved without looking into resolv.conf."""
    if not present(host, _NSSWITCH):
        return False
    said = (line.text.partition(":") for line in lines(host, _NSSWITCH))
    asked = any("resolve" in sources.split() for name, _, sources in said if name == "hosts")
    return asked and present(host, _RESOLVED_UPSTREAM) is not None


def _look_behind_resolved(host: Host, behind: _Behind) -> None:
    """The servers of each link, then all it uses (its built-in ones too) that no link has."""
    tls = setting(host, "resolved.conf", "Resolve", "DNSOverTLS")
    found = list(_of_links(host, tls))
    if present(host, _RESOLVED_UPSTREAM):
        found += _from_file(host, _RESOLVED, _RESOLVED_UPSTREAM, tls)
    elif host.running:
        raise FileNotFoundError(errno.ENOENT, "no state", _RESOLVED_UPSTREAM)
    for said in listed(host, "resolved.conf", "Resolve", "DNS") or ():
        found.append(_Upstream(_RESOLVED, _address(said.value), said.path, "", tls))
    known: set[str] = set()
    for server in found:
        if server.interface or server.address not in known:
            known.add(server.address)
            behind.servers.append(server)
    if not host.running:
        raise NotLiveError(_RESOLVED_UPSTREAM)


def _of_links(host: Host, tls: str | None) -> Iterator[_Upstream]:
    for directory, key in _LINKS.items():
        for number in entries(host, directory):
            path = f"{directory}/{number}"
            said = assignments(decoded(host.read(path)))
            servers = said.get(key, "").split()
            interface = _interface(host, number) if servers else ""
            for address in map(_address, servers):
                link_tls = said.get("DNSOVERTLS", said.get("DNS_OVER_TLS", tls))
                yield _Upstream(_RESOLVED, address, path, interface, link_tls)


def _from_file(host: Host, service: str, path: str, tls: str | None = None) -> Iterator[_Upstream]:
    """The servers in a file of resolv.conf's format; its stub is not among them."""
    for line in lines(host, path, comments="#;"):
        keyword, *values = line.text.split()
        if keyword == "nameserver" and values and not _is_loopback(values[0]):
            yield _Upstream(service, values[0], path, "", tls)


def _look_behind_dnsmasq(host: Host, behind: _Behind) -> bool:
    """What dnsmasq(8) is told: servers, and files that name more; whether anything says so."""
    names = [n for n in entries(host, _DNSMASQ_DIRECTORY) if not _DNSMASQ_SKIPPED.fullmatch(n)]
    files, told = [], False
    for path in (_DNSMASQ_CONF, *(f"{_DNSMASQ_DIRECTORY}/{name}" for name in names)):
        for line in lines(host, path):
            key, _, value = (part.strip() for part in line.text.partition("="))
            if key in ("server", "local"):
                address = value.rpartition("/")[2].partition("@")[0].partition("#")[0]
                if _is_address(address):
                    behind.servers.append(_Upstream("dnsmasq", address, path))
            elif key == "resolv-file":
                files.append(value)
            told = told or key == "no-resolv"
    if told:
        return True
    there = [path for path in files or [_DNSMASQ_UPSTREAM] if present(host, path)]
    for path in there:
        behind.servers += _from_file(host, "dnsmasq", path)
    return bool(there)


def _interface(host: Host, number: str) -> str:
    """The name of the network interface with this index; the index if there is none any more."""
    for name in entries(host, _INTERFACES):
        try:
            if decoded(host.read(f"{_INTERFACES}/{name}/ifindex")).strip() == number:
                return name
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone meanwhile, or a plain file such as bonding_masters
    return number


def _address(server: str) -> str:
    """The address alone; what has none stays as it is written."""
    found = _SERVER.fullmatch(server)
    plain = found[found.lastgroup or 0] if found else server
    return plain if _is_address(plain) else server


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    address = text.partition("%")[0]
    return _is_address(address) and ipaddress.ip_address(address).is_loopback


def _partial(code: str, *args: str) -> Condition:
    return Condition(Status.PARTIAL, Reason(code, args))

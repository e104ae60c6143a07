"""Host-wide settings of the SSH client; ssh_config(5). People's own are not read."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from collectors.config import entries, lines, present
from collectors.host import Host
from collectors.interface import Observed
from evidence.canonical import Cell

_CONFIG = "/etc/ssh/ssh_config"
_MAX_DEPTH = 16


def ssh_configs(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each option; none on a host without these settings."""
    del columns
    if present(host, _CONFIG) is None:
        return Observed(())
    return Observed(list(_options(host, _CONFIG, "", _MAX_DEPTH)))


def _options(host: Host, path: str, block: str, depth: int) -> Iterator[dict[str, Cell]]:
    """The options in `path`; what it includes stands in the block that includes it."""
    for line in lines(host, path):
        key, _, value = line.text.replace("\t", " ").replace("=", " ", 1).partition(" ")
        key, value = key.lower(), value.strip()
        if key in ("host", "match"):
            block = f"{key} {value}"
        elif key == "include" and depth:
            for pattern in value.split():
                directory, _, last = pattern.strip('"').rpartition("/")
                directory = directory if directory.startswith("/") else f"/etc/ssh/{directory}"
                directory = directory.rstrip("/")
                for name in entries(host, directory):
                    if fnmatchcase(name, last):
                        yield from _options(host, f"{directory}/{name}", block, depth - 1)
        else:
            yield {
                "uid": 0,
                "block": block,
                "option": f"{key} {value}",
                "ssh_config_file": line.path,
            }

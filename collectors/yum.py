"""Where yum and dnf take packages from: yum.conf(5), dnf.conf(5).

A host without yum's and dnf's configuration has neither.
"""

from collections.abc import Iterator, Mapping

from collectors.config import content, decoded, drop_ins, present
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.locations import without_credentials
from evidence.canonical import Cell
from facts.status import COMPLETE, Status, condition

_MAIN = ("/etc/dnf/dnf.conf", "/etc/yum.conf")
DIRECTORIES = ("/etc/yum.repos.d", "/etc/yum/repos.d", "/etc/distro.repos.d")
_FALSE = ("0", "no", "false", "off")
_ADDRESSES = ("baseurl", "mirrorlist", "metalink", "gpgkey")


def yum_sources(host: Host, columns: frozenset[str]) -> Observed:
    """One row for each repository, in use or not."""
    del columns
    if present(host, *_MAIN, *DIRECTORIES) is None:
        return Observed(())
    rows: list[dict[str, Cell]] = []
    observed = COMPLETE
    main: Mapping[str, str] = {}
    paths = [*_MAIN]
    try:
        paths += drop_ins(host, DIRECTORIES, suffix=".repo")
    except OSError as e:
        observed = condition_of(e, DIRECTORIES[0])
    for path in paths:
        try:
            sections = list(_sections(decoded(content(host, path))))
        except ValueError:
            observed = condition(Status.PARTIAL, "malformed_source", path)
            continue
        except OSError as e:
            observed = condition_of(e, path)
            continue
        for name, said in sections:
            if name == "main":
                main = main or said
            else:
                rows.append(_repository(name, path, said, main))
    return Observed(rows, observed)


def _repository(
    name: str, path: str, said: Mapping[str, str], main: Mapping[str, str]
) -> dict[str, Cell]:
    """A row; what a repository leaves open the main section decides, and then the program."""
    addresses = {
        key: " ".join(map(without_credentials, said.get(key, "").replace(",", " ").split()))
        for key in _ADDRESSES
    }
    return {
        "id": name,
        "name": said.get("name", ""),
        "source": path,
        "enabled": _switch(said.get("enabled", "1")),
        "gpgcheck": _switch(said.get("gpgcheck", main.get("gpgcheck", "0"))),
        **addresses,
    }


def _switch(text: str) -> str:
    return "0" if text.lower() in _FALSE else "1"


def _sections(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and settings of each section; an indented line continues the one before it.

    Raises:
        ValueError: a line belongs to no section, or says nothing.
    """
    name, said, key = "", dict[str, str](), ""
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0] in " \t" and key:
            said[key] += f" {stripped}"
        elif stripped.startswith("["):
            if name:
                yield name, said
            name, said, key = stripped[1:].partition("]")[0], {}, ""
        else:
            key, separator, value = stripped.partition("=")
            key = key.strip().lower()
            if not (name and separator):
                raise ValueError("a line outside of every section")
            said[key] = value.strip()
    if name:
        yield name, said

"""Installed packages, from rpm's own database."""

from collections.abc import Callable, Mapping

from collectors import rpmdb, rpmheader
from collectors.errors import condition_of
from collectors.host import Host
from collectors.interface import Observed
from collectors.rpmheader import Header
from evidence.canonical import Cell
from facts.status import Status, condition


def rpm_packages(host: Host, columns: frozenset[str]) -> Observed:
    """The packages rpm knows; a host without an rpm database has none."""
    database = rpmdb.find(host)
    if database is None:
        return Observed(())
    readers = {name: read for name, read in _READERS.items() if name in columns}
    rows: list[dict[str, Cell]] = []
    observed = database.condition
    try:
        for blob in database.headers():
            try:
                header = Header(blob)
                rows.append({name: read(header) for name, read in readers.items()})
            except ValueError:
                observed = condition(Status.PARTIAL, "malformed_source", database.path)
    except OSError as e:
        return Observed((), condition_of(e, database.path))
    return Observed(rows, observed)


def _text(tag: int) -> Callable[[Header], Cell]:
    return lambda header: header.text(tag)


def _size(header: Header) -> Cell:
    large = header.number(rpmheader.LONG_SIZE)
    return header.number(rpmheader.SIZE) if large is None else large


_READERS: Mapping[str, Callable[[Header], Cell]] = {
    "name": _text(rpmheader.NAME),
    "version": _text(rpmheader.VERSION),
    "release": _text(rpmheader.RELEASE),
    "source": _text(rpmheader.SOURCE_RPM),
    "size": _size,
    "sha1": _text(rpmheader.HEADER_SHA1),
    "arch": _text(rpmheader.ARCH),
    "epoch": lambda header: header.number(rpmheader.EPOCH) or 0,
    "install_time": lambda header: header.number(rpmheader.INSTALL_TIME),
    "vendor": _text(rpmheader.VENDOR),
    "package_group": _text(rpmheader.GROUP),
}

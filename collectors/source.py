"""The seam between collectors and facts: one host as a `facts.Source`."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from collectors.host import Host, condition_of
from collectors.interface import Observed
from collectors.registry import COLLECTORS, collector
from evidence import canonical
from evidence.canonical import Cell
from facts.pseudonym import Pseudonym
from facts.source import Key, Reading
from facts.spec import Kind, Privacy, TableSpec
from facts.status import Condition, Status, condition
from facts.tables import SPECS

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The clock of this host."""
    return datetime.now(UTC)


class HostSource:
    """A host that can be asked for facts.

    `pseudonym` replaces personal and device identifiers before anyone sees them; None leaves
    them as they are, which is for the host's own keyboard only and never for a recording.
    `given` holds tables that no collector reads, such as the agent's own state.
    """

    def __init__(
        self,
        host: Host,
        pseudonym: Pseudonym | None,
        clock: Callable[[], datetime] = utc_now,
        given: Mapping[str, Observed] | None = None,
    ) -> None:
        self._host = host
        self._pseudonym = pseudonym
        self._clock = clock
        self._given = given or {}

    def read(self, table: str, columns: tuple[str, ...], key: Key | None = None) -> Reading:
        """See `facts.Source.read`."""
        read_at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        spec = SPECS[table]
        observed = self._observed(spec, frozenset(columns), key)
        render = [_renderer(spec, name, self._pseudonym) for name in columns]
        rows = tuple(
            tuple(
                None if (cell := row.get(name)) is None else show(cell)
                for name, show in zip(columns, render, strict=True)
            )
            for row in observed.rows
        )
        differing = {
            name: found
            for name, found in observed.columns.items()
            if name in columns and found != observed.condition
        }
        return Reading(rows, read_at, observed.condition, differing)

    def _observed(self, spec: TableSpec, columns: frozenset[str], key: Key | None) -> Observed:
        """What the collector says; whatever goes wrong in it is a condition of its table."""
        if spec.name in self._given:
            return self._given[spec.name]
        if spec.name not in COLLECTORS:
            return Observed((), condition(Status.UNREADABLE, "not_recorded", spec.name))
        if (spec.kind is Kind.KEYED) != (key is not None):
            raise ValueError(f"{spec.name} is {spec.kind.value}, and was asked with key {key}")
        try:
            read = collector(spec.name)
            observed: Observed = read(self._host, columns, *(() if key is None else (key,)))
        except OSError as e:
            _log.debug("table=%s error=%r", spec.name, e)
            return Observed((), condition_of(e, str(e.filename or spec.name)))
        except Exception as e:  # noqa: BLE001 - one collector's crash must not end the scan
            _log.exception("table=%s crashed", spec.name)
            return Observed((), _crashed(spec, e))
        return observed


def _crashed(spec: TableSpec, error: Exception) -> Condition:
    return condition(Status.UNREADABLE, "collector_failed", spec.name, type(error).__name__)


def _renderer(
    spec: TableSpec, name: str, pseudonym: Pseudonym | None
) -> Callable[[str | float], Cell]:
    """How cells of one column are shown: as portable text, and without identifiers."""
    column = spec.column(name)
    if pseudonym is None or column.privacy is not Privacy.DEIDENTIFIED:
        return _portable
    hide = pseudonym
    return lambda cell: hide(column.identifier, str(_portable(cell)))


def _portable(cell: str | float) -> Cell:
    """Text from undecodable bytes, or with NUL, as backslash escapes."""
    if not isinstance(cell, str) or (cell.isascii() and "\0" not in cell):
        return cell
    return canonical.text(cell.encode("utf-8", "surrogateescape"))

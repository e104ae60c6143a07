"""Whether a device is the one on record, although serial numbers there are pseudonyms.

Only a host of the unit can tell: the unit's key makes the same pseudonym of the same serial
number again. How sure that is depends on the serial number: a batch may share one, and a device
may have none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from agent.clock import stamp
from agent.errors import InputError
from agent.exchange import read_parcel
from agent.spool import Spool
from evidence import dsse
from evidence.canonical import Cell
from evidence.errors import EvidenceError
from evidence.parcel import MAX_PARCEL
from evidence.statement import REPORT, Report, Statement, decode_statement, predicate_type
from facts.errors import MalformedTableError
from facts.pseudonym import Pseudonym
from facts.snapshot import from_wire

IDENTIFIER = "device_serial"
_FILLER = re.compile(r"(.)\1*|0?123456789(0?|abcdef)|(1234567890?)+", re.IGNORECASE)
"""Serial numbers that a maker leaves in all of a batch."""


class Certainty(StrEnum):
    """How sure it is that a device is on record."""

    SAME = "same"
    """Serial number, vendor and product are those on record."""
    SHARED = "shared"
    """They are, and others have the same: it is this one, or one of its batch."""
    SERIAL_ONLY = "serial_only"
    """The serial number is on record, of another vendor or product or where these are not told."""
    MODEL_ONLY = "model_only"
    """It has no serial number; devices of its model without one are on record."""
    ABSENT = "absent"
    """It is not on record."""
    UNKNOWN = "unknown"
    """It has no serial number and its model is not told, or not asked for."""


class Device(NamedTuple):
    """What is asked about; empty for what is not known."""

    vendor_id: str
    model_id: str
    serial: str
    port_path: str = ""
    name: str = ""


class Record(NamedTuple):
    """A row of a report that tells of a device."""

    host: str
    host_id: str
    sequence: int
    at: str
    table: str
    action: str
    """Of an event; empty for what was attached when it was looked for."""
    vendor_id: str
    model_id: str
    serial: str | None
    """A pseudonym; empty if the device had none, None if that could not be told."""
    port_path: str


class Matched(NamedTuple):
    """The answer for one device."""

    device: Device
    pseudonym: str
    certainty: Certainty
    records: tuple[Record, ...]
    """The newest first."""


def matched(device: Device, records: Iterable[Record], pseudonym: Pseudonym) -> Matched:
    """Whether `device` is among `records`, and how sure that is."""
    known = pseudonym(IDENTIFIER, device.serial)
    model = (device.vendor_id.lower(), device.model_id.lower())
    if not known:
        alike = [r for r in records if r.serial == "" and (r.vendor_id, r.model_id) == model]
        none = Certainty.ABSENT if all(model) else Certainty.UNKNOWN
        return Matched(device, "", Certainty.MODEL_ONLY if alike else none, _newest(alike))
    named = [record for record in records if record.serial == known]
    if not named:
        return Matched(device, known, Certainty.ABSENT, ())
    same = [record for record in named if (record.vendor_id, record.model_id) == model]
    if not same:
        return Matched(device, known, Certainty.SERIAL_ONLY, _newest(named))
    shared = _FILLER.fullmatch(device.serial) is not None or _at_once(same)
    return Matched(device, known, Certainty.SHARED if shared else Certainty.SAME, _newest(same))


def spooled(spool: Spool) -> Iterator[Record]:
    """What the reports in the spool tell; StateError if one is damaged."""
    for sequence in spool.sequences():
        statement = spool.entry(sequence).statement
        names = {subject.digest.sha256 for subject in statement.subject}
        yield from _records(statement, {digest: spool.blob(digest) for digest in names})


def carried(path: Path) -> Iterator[Record]:
    """What the reports in the parcel at `path` tell; whoever signed them.

    Raises:
        InputError: it cannot be read, or is no parcel.
    """
    try:
        with path.open("rb") as file:
            parcel = read_parcel(file.read(MAX_PARCEL + 1))
    except OSError as e:
        raise InputError(
            f"{path}: 无法读取：{e.strerror}", f"{path}: cannot be read: {e.strerror}"
        ) from e
    for envelope in parcel.envelopes:
        try:
            opened = dsse.open_envelope(envelope)
            if predicate_type(opened.payload) != REPORT:
                continue
            statement = decode_statement(opened.payload, Report)
        except EvidenceError as e:
            raise InputError(f"{path}: {e}", f"{path}: {e}") from e
        yield from _records(statement, parcel.blobs)


def _records(statement: Statement[Report], blobs: Mapping[str, bytes]) -> Iterator[Record]:
    """The rows of `statement` that tell of devices with serial numbers; missing tables do not."""
    report = statement.predicate
    digests = {subject.name: subject.digest.sha256 for subject in statement.subject}
    for entry in report.tables:
        data = blobs.get(digests.get(f"tables/{entry.name}", ""))
        if data is None or not {"serial", "vendor_id", "model_id"} <= set(entry.columns):
            continue
        try:
            rows = from_wire(entry, data).rows
        except MalformedTableError:
            continue
        for row in rows:
            cells: Mapping[str, Cell] = dict(zip(entry.columns, row, strict=True))
            if cells["vendor_id"] is None:
                continue
            serial, at = cells["serial"], cells.get("time")
            yield Record(
                host=report.host.name,
                host_id=report.host.id,
                sequence=report.chain.sequence,
                at=stamp(at) if isinstance(at, int) else entry.read_at,
                table=entry.name,
                action=str(cells.get("action") or ""),
                vendor_id=str(cells["vendor_id"]),
                model_id=str(cells["model_id"]),
                serial=None if serial is None else str(serial),
                port_path=str(cells.get("port_path") or ""),
            )


def _at_once(records: Iterable[Record]) -> bool:
    """Whether two were attached at the same time: the same host, at two ports, in one report."""
    attached = {
        (r.host_id, r.sequence, r.port_path) for r in records if not r.action and r.port_path
    }
    return any(n > 1 for n in Counter(place[:2] for place in attached).values())


def _newest(records: Iterable[Record]) -> tuple[Record, ...]:
    return tuple(sorted(set(records), key=lambda record: (record.at, record), reverse=True))

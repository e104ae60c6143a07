"""Recordings of this machine, made for one test."""

from collections.abc import Iterable
from pathlib import Path

from collectors import recorder
from collectors.recorded import RecordedHost
from collectors.sources import sources
from facts.tables import SPECS


def recorded(file: Path, tables: Iterable[str]) -> RecordedHost:
    """This machine as recorded for these tables, in a new file."""
    request = sources(SPECS[name] for name in tables).request()
    made = recorder.record(request)
    recorder.write(str(file), recorder.members(recorder.manifest(request, made, "test"), made))
    return RecordedHost.at(file)

"""A program that records this machine for some tables and says which then read otherwise."""

import json
import sys
import tempfile
from pathlib import Path

from collectors.host import Host, LiveHost
from collectors.registry import collector
from facts.tables import SPECS
from tests.collectors.recordings import recorded


def main() -> None:
    """Prints, by table, how many rows there were and whether the recording answers the same."""
    tables = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        then = recorded(Path(directory) / "recording.tar", tables)
        live = LiveHost()
        compared = {name: [len(_said(live, name)[0]), _said(live, name) == _said(then, name)]
                    for name in tables}  # fmt: skip
    json.dump(compared, sys.stdout)


def _said(host: Host, table: str) -> tuple[list[str], str]:
    observed = collector(table)(host, frozenset(column.name for column in SPECS[table].columns))
    rows = [json.dumps(dict(row), sort_keys=True) for row in observed.rows]
    return rows, repr((observed.condition, dict(observed.columns)))


if __name__ == "__main__":
    main()

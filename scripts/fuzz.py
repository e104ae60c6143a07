"""Reads every table again and again from sources mangled by chance: `make fuzz [SEEDS=100]`.

Nothing on the host changes: what is read is mangled on its way to the collector. Ends with 1 at
the first collector that crashes or makes a cell that is none, and prints the seed that did it.
"""

import sys
import time

from facts.tables import SPECS
from tests.collectors.faulty import Faulty, mangled
from tests.collectors.test_contract import FULL, check, observed


def main() -> int:
    """Mangle, read, check."""
    seeds = int(sys.argv[1])
    began, readings = time.monotonic(), 0
    for seed in range(seeds):
        for table in FULL:
            try:
                check(SPECS[table], observed(Faulty(mangled(seed)), table))
            except Exception as e:
                print(f"seed {seed}, {table}: {type(e).__name__}: {e}", file=sys.stderr)
                raise
            readings += 1
    print(
        f"{readings} readings of {len(FULL)} tables in {time.monotonic() - began:.0f} s, no crash"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

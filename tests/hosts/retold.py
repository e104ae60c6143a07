"""Writes a recording again without who built the kernel of the machine it was made on.

python -m tests.hosts.retold RECORDING
"""

import hashlib
import re
import sys
from pathlib import Path

from collectors import archive, recorder

_BUILDER = re.compile(rb"(Linux version \S+) .*")


def main() -> None:
    """The recording named on the command line is replaced."""
    file = Path(sys.argv[1])
    members = dict(archive.members(file))
    for name, data in list(members.items()):
        kept = _BUILDER.sub(rb"\1 (example)", data)
        if name.startswith(archive.CONTENT) and kept != data:
            digest = hashlib.sha256(kept).hexdigest()
            old = name.removeprefix(archive.CONTENT)
            entries = members[archive.ENTRIES].replace(old.encode(), digest.encode())
            members[archive.ENTRIES] = entries
            members[archive.CONTENT + digest] = kept
            del members[name]
    heads = (archive.MANIFEST, archive.ENTRIES, archive.ANSWERS)
    ordered = [*heads, *sorted(name for name in members if name not in heads)]
    file.unlink()
    recorder.write(str(file), iter([(name, members[name]) for name in ordered]))


if __name__ == "__main__":
    main()

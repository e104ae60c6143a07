"""Writes the recorder for hosts that are too old for the agent: one file, standard library only.

It is `collectors/recorder.py` and `collectors/reducing.py` as they stand, what the tables'
specifications declare as their sources, and a line that starts it. Default: dist/anfang-record.py.
"""

import json
import re
import sys
from pathlib import Path

from collectors.sources import sources
from evidence import __version__
from facts.tables import SPECS

ROOT = Path(__file__).parents[1]
_TAKEN = re.compile(r"^from collectors\.reducing import .*\n", re.MULTILINE)
"""Where the recorder takes in the other part."""
_HEAD = """\
#!/usr/bin/env python3
# anfang-record {version}
#
# 用法 / usage: python3 anfang-record.py --out FILE
#   FILE.gz: 压缩 / packed; --list: 只列出来源 / only lists the sources
#
# 运行前请先通读。文末列出它读取的全部路径和运行的全部程序。
# Read it before you run it. What it reads and which programs it asks is listed at its end.
"""
_TAIL = """

REQUEST = {request}

if __name__ == "__main__":
    sys.exit(main(REQUEST, "anfang-record {version}"))
"""


def recorder() -> str:
    """The text of the recorder."""
    request = json.dumps(sources(SPECS.values()).request(), indent=4, ensure_ascii=False)
    program, reducing = (
        (ROOT / f"collectors/{name}.py").read_text("utf-8") for name in ("recorder", "reducing")
    )
    before, after = _TAKEN.split(program)
    return (
        _HEAD.format(version=__version__)
        + before
        + reducing
        + after
        + _TAIL.format(request=request, version=__version__)
    )


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist/anfang-record.py"
    out.parent.mkdir(exist_ok=True)
    out.write_text(recorder(), "utf-8")
    out.chmod(0o755)
    print(out)

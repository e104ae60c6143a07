"""Writes the programs' help into README.md; a test compares the two."""

import os
import re
import subprocess
import sys
from pathlib import Path

readme = Path(__file__).parents[1] / "README.md"
text = readme.read_text()
environment = {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
for program in ("anfang", "anfang-server"):
    said = subprocess.run(
        [Path(sys.executable).with_name(program), "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    text = re.sub(
        rf"(`{program} --help`\n\n```\n).*?(\n```)",
        lambda match, said=said: match[1] + said + match[2],
        text,
        flags=re.DOTALL,
    )
readme.write_text(text)

"""What the documents promise is what the programs do."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _help(program: str) -> str:
    environment = {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
    said = subprocess.run(
        [Path(sys.executable).with_name(program), "--help"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return said.stdout.strip()


@pytest.mark.parametrize("program", ["anfang", "anfang-server"])
def test_the_readme_shows_the_help_that_the_program_prints(program: str) -> None:
    """README's help text equals `--help`."""
    readme = (ROOT / "README.md").read_text()

    shown = re.search(rf"`{program} --help`\n\n```\n(.*?)\n```", readme, re.DOTALL)

    assert shown is not None
    assert shown[1] == _help(program)


def test_every_link_to_a_file_leads_somewhere() -> None:
    """No document links to a file that is not there."""
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]

    missing = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]

    assert missing == []


def test_the_make_targets_that_documents_name_exist() -> None:
    """`make NAME` in a document is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]

    named = {
        name
        for document in documents
        for name in re.findall(r"(?:`|^)make ([a-z]+)", document.read_text(), re.MULTILINE)
    }

    assert named <= targets

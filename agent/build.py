"""Which agent this is: a digest over its own code, so that a changed agent shows in its reports."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGES = ("agent", "collectors", "evidence", "facts", "policies")
"""What decides what a report says; the server's code does not."""


@cache
def digest() -> str:
    """SHA-256 over name and content of every module of `PACKAGES`, in the order of their names.

    Policies that are shipped beside the code have digests of their own and are not in it.
    """
    root = Path(__file__).resolve().parents[1]
    total = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            content = path.read_bytes()
            total.update(f"{path.relative_to(root)}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()

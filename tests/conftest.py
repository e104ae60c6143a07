"""What holds around every test."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """A program that runs in the test's own process may narrow the umask, and no test after it."""
    os.umask(0o022)
    yield
    os.umask(0o022)  # not what it was before: what a whole session shares may have narrowed it

"""What the tests of evidence share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.evidence.world import World

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A server, a host and a stranger with fresh keys."""
    return World(tmp_path)

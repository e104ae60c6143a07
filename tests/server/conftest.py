"""A server for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server import service, units
from server.app import create_app
from tests.server.estate import Morning, make_morning
from tests.server.serving import serving
from tests.server.sites import UNIT, Site


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with one unit, to be copied."""
    directory = tmp_path_factory.mktemp("server") / "data"
    service.initialise(directory, host_names=("testserver",), listen="127.0.0.1:8443")
    opened = service.open_service(directory)
    with opened.store.write() as connection:
        units.add(connection, UNIT)
    opened.close()
    return directory


@pytest.fixture
def data(initialised: Path, tmp_path: Path) -> Path:
    """A data directory of this test's own."""
    return Path(shutil.copytree(initialised, tmp_path / "data"))


@pytest.fixture
def site(data: Path) -> Iterator[Site]:
    """A server with one unit, spoken to in this process."""
    opened = service.open_service(data)
    with TestClient(create_app(opened), base_url="https://testserver") as client:
        yield Site(opened, client, data.parent)
    opened.close()


@pytest.fixture(scope="session")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Morning:
    """A unit with forty hosts, made once; for looking only."""
    return make_morning(tmp_path_factory.mktemp("morning"))


@pytest.fixture(scope="session")
def address(morning: Morning) -> Iterator[str]:
    """Where a server process shows that unit."""
    with serving(morning.data) as url:
        yield url

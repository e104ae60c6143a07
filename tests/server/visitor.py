"""Somebody who looks at pages, without a browser."""

from dataclasses import dataclass

from httpx2 import Response
from starlette.testclient import TestClient

from server import people
from server.store.engine import Store
from tests.server.markup import Element, read

NAME, PASSWORD = "li", "correct horse"
ORIGIN = "https://testserver"


def add_person(store: Store) -> None:
    """Let `NAME` sign in with `PASSWORD`."""
    with store.write() as connection:
        people.create_person(connection, NAME, PASSWORD, "operator")


@dataclass
class Visitor:
    """A browser's cookies and manners, and nothing else of one."""

    client: TestClient

    def get(self, path: str) -> Response:
        """The answer to a link."""
        return self.client.get(path, follow_redirects=False)

    def send(self, path: str, /, origin: str | None = ORIGIN, **fields: str) -> Response:
        """The answer to a form."""
        headers = {} if origin is None else {"Origin": origin}
        return self.client.post(path, data=fields, headers=headers, follow_redirects=False)

    def sign_in(self, name: str = NAME, password: str = PASSWORD) -> Response:
        """The answer to a name and a password."""
        return self.send("/sign-in?next=%2F", name=name, password=password)

    def page(self, path: str, *, lang: str = "zh", status: int = 200) -> Element:
        """The page at `path`, taken apart."""
        response = self.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        assert response.status_code == status, response.text
        return read(response.text)

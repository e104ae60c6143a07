"""A server in a data directory of its own, spoken to in this process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from evidence import parcel
from evidence.keys import SigningKey
from evidence.parcel import Parcel
from server import assigning, authority, units
from server.service import Service
from tests.server.hosts import Asking, FakeHost, Made, new_host, signed

UNIT = "某省电力公司"
POLICY = Path(__file__).with_name("policy.yaml")


@dataclass
class Site:
    """A running server, and what its administrator can do."""

    service: Service
    client: TestClient
    directory: Path
    asking: Asking = field(default_factory=Asking)
    """Handed to every host, which so reports under the assignment in force."""

    def token(self, *, uses: int = 1, lifetime: timedelta = timedelta(hours=1)) -> str:
        """A new enrolment token of the unit."""
        with self.service.store.write() as connection:
            return units.create_token(
                connection,
                units.get(connection, UNIT),
                zone="zone-1",
                uses=uses,
                lifetime=lifetime,
                ca_public_key=authority.ca_public_key(self.service.directory),
            )

    def assign(
        self,
        *,
        registers: Mapping[str, Path] | None = None,
        parameters: Mapping[str, str] | None = None,
        interval_s: int = 3600,
    ) -> str:
        """Assign the test policy to the unit; the digest of the assignment."""
        with self.service.store.write() as connection:
            unit = units.get(connection, UNIT)
            assigning.assign(
                connection,
                self.service.log,
                unit,
                [assigning.read_policy(str(POLICY))],
                registers=registers or {},
                parameters=parameters or {},
                interval_s=interval_s,
            )
            digest = units.newest_assignments(connection, [unit.id])[unit.id].digest
            assignment = units.read_assignment(connection, digest)
        self.asking.assignment = digest
        self.asking.policies = assignment.policies
        self.asking.registers = assignment.registers
        self.asking.parameters = assignment.parameters
        return digest

    def send(
        self, key: SigningKey, method: str, path: str, body: bytes = b"", **how: Any
    ) -> Response:
        """What the server answers to a request signed with `key`."""
        request = signed(key, method, f"https://testserver{path}", body, **how)
        return self.client.request(
            request.method, request.url, content=request.body, headers=request.headers
        )

    def enrol(self, host: FakeHost, token: str, **how: Any) -> Response:
        """What the server answers when `host` asks to be enrolled with `token`."""
        return self.send(
            host.key,
            "POST",
            "/v1/enrol",
            host.enrolment_request(token),
            headers={"Authorization": f"Anfang-Token {token}"},
            **how,
        )

    def enrolled(self, **values: Any) -> FakeHost:
        """A new host that is enrolled."""
        host = new_host(self.directory, asking=self.asking, **values)
        assert self.enrol(host, self.token()).status_code == 200
        return host

    def deliver(self, host: FakeHost, *made: Made, **how: Any) -> Response:
        """What the server answers when `host` sends these reports with their tables."""
        blobs = {digest: data for one in made for digest, data in one.blobs.items()}
        body = parcel.write(Parcel(envelopes=tuple(one.envelope for one in made), blobs=blobs))
        return self.send(host.key, "POST", "/v1/parcels", body, **how)

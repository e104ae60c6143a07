"""What is carried away to be verified elsewhere: a host's reports, and whom to trust."""

from pathlib import Path

from sqlalchemy import Connection, or_, select

from evidence import parcel, trust
from evidence.files import write_atomic
from evidence.parcel import Parcel
from evidence.statement import Report, decode_statement, judged_by, rests_on
from server import log, units
from server.errors import UsageError
from server.service import Service
from server.store import envelopes
from server.store.schema import hosts, reports

TRUST_NAME = "server"
"""Under which name this server lies in a trust directory."""


def find_host(connection: Connection, named: str) -> str:
    """The id of the host with this id or name.

    Raises:
        UsageError: there is none, or several have the name.
    """
    found = list(
        connection.scalars(
            select(hosts.c.id).where(or_(hosts.c.id == named, hosts.c.name == named))
        )
    )
    if not found:
        raise UsageError(
            f"没有主机 {named!r}；可用主机名或主机编号（32 位十六进制）",
            f"there is no host {named!r}; give its name or its id (32 hex digits)",
        )
    if len(found) > 1:
        raise UsageError(
            f"名为 {named!r} 的主机有 {len(found)} 台，请用主机编号：{', '.join(found)}",
            f"{len(found)} hosts are called {named!r}; give the id: {', '.join(found)}",
        )
    return str(found[0])


def host_parcel(connection: Connection, host_id: str) -> Parcel:
    """All that it takes to verify the reports of that host offline.

    Its enrolment, the assignments its reports were made under, the reports in order, every
    table, policy and register they name, and all receipts.
    """
    said = list(
        connection.scalars(
            select(reports.c.digest)
            .where(reports.c.host_id == host_id)
            .order_by(reports.c.sequence, reports.c.received_at)
        )
    )
    enrolment = connection.execute(
        select(hosts.c.enrolment).where(hosts.c.id == host_id)
    ).scalar_one()
    assigned: dict[str, None] = {}
    named: set[str] = set()
    for digest in said:
        statement = decode_statement(envelopes.payload(connection, digest), Report)
        if (assignment := statement.predicate.assignment) is not None:
            assigned[assignment.sha256] = None
        named |= rests_on(statement)
    wanted = [enrolment, *assigned, *said]
    found = envelopes.envelopes(connection, wanted)
    for digest in assigned:
        if digest in found:
            named |= judged_by(units.read_assignment(connection, digest))
    return Parcel(
        envelopes=tuple(found[digest] for digest in wanted if digest in found),
        blobs=envelopes.blob_contents(connection, named),
        receipts=log.receipts(connection, wanted),
    )


def write_host(service: Service, named: str, file: Path) -> int:
    """Write the parcel of the host with this id or name to `file`; how many bytes it has.

    Raises:
        UsageError: there is no such host, or `file` cannot be written.
    """
    with service.store.read() as connection:
        data = parcel.write(host_parcel(connection, find_host(connection, named)))
    try:
        write_atomic(file, data, mode=0o600)
    except OSError as e:
        raise UsageError(
            f"{file}: 无法写入：{e.strerror}", f"{file}: cannot be written: {e.strerror}"
        ) from e
    return len(data)


def write_trust(service: Service, directory: Path) -> Path:
    """Put this server's public key and the name of its log into the trust directory.

    Raises:
        UsageError: it cannot be written.
    """
    server = trust.Server(TRUST_NAME, service.log.key.public, service.log.origin)
    try:
        directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        return trust.save_server(directory, server)
    except OSError as e:
        raise UsageError(
            f"{directory}: 无法写入：{e.strerror}", f"{directory}: cannot be written: {e.strerror}"
        ) from e

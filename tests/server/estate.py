"""A unit with many hosts, as an operator would find it in the morning.

Facts are made up (`tests.server.ordinary`), everything after them is real: they are judged by the
shipped policy, signed with each host's own key, examined and taken in by the server's own code.
Reports may lie in the past, so that pages have something to tell about yesterday.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from evidence import dsse, parcel
from evidence.parcel import Parcel
from evidence.statement import (
    Assignment,
    Chain,
    Clock,
    Cost,
    Digest,
    Host,
    Report,
    Scan,
    Subject,
    View,
    encode_statement,
)
from evidence.statement import Engine as EngineBuild
from facts.engine import Engine
from facts.plan import whole
from facts.snapshot import to_wire
from policies.given import GivenFacts
from policies.judge import catalogue, judge, needs, oldest_fact
from policies.model import CheckTest, Policy
from policies.registers import Register, read_register
from policies.score import score
from server import assigning, authority, clock, delivery, enrolment, ingest, service, units
from server.delivery import Sender
from server.service import Service
from server.store import assigned, envelopes
from tests.server.hosts import FakeHost, new_host, sha256
from tests.server.ordinary import Facts, ordinary, with_flaws
from tests.server.wellkept import ZONES, register

UNIT = "示例单位"


@dataclass
class Estate:
    """A unit of `service` whose hosts report as they are told to."""

    service: Service
    directory: Path
    """For keys and register files."""
    unit: str = UNIT
    hosts: dict[str, FakeHost] = field(default_factory=dict)
    """By name."""
    _policies: tuple[Policy, ...] = ()
    _registers: dict[str, Register] = field(default_factory=dict)
    _assignment: Assignment | None = None
    _digest: str = ""

    def assign(self, *, without: Collection[str] = (), policy: str = "cii-host") -> None:
        """Assign `policy` with all registers it declares but those in `without`."""
        read = assigning.read_policy(policy)
        adopted = {}
        for name in read.policy.registers.keys() - set(without):
            path = self.directory / f"{name}.csv"
            path.write_text(register(name, read.policy.registers[name].columns), encoding="utf-8")
            adopted[name] = path
        with self.service.store.write() as connection:
            unit = units.get(connection, self.unit)
            self._assignment = assigning.assign(
                connection,
                self.service.log,
                unit,
                [read],
                registers=adopted,
                parameters={},
                interval_s=3600,
            )
            self._digest = units.newest_assignments(connection, [unit.id])[unit.id].digest
            self._policies = assigned.policies(connection, self._assignment.policies)
            contents = envelopes.blob_contents(
                connection, {ref.digest.sha256 for ref in self._assignment.registers}
            )
        self._registers = {
            ref.name: read_register(ref, contents[ref.digest.sha256])
            for ref in self._assignment.registers
        }

    def enrol(self, name: str, zone: str, at: datetime) -> FakeHost:
        """A new host, enrolled at `at`."""
        host = new_host(self.directory, name=name)
        with self.service.store.write() as connection:
            token = units.create_token(
                connection,
                units.get(connection, self.unit),
                zone=zone,
                uses=1,
                lifetime=timedelta(days=1000),
                ca_public_key=authority.ca_public_key(self.service.directory),
            )
            sent = parcel.read(host.enrolment_request(token), limit=1 << 20)
            request = enrolment.examine(sent, token)
            enrolment.enrol(connection, self.service.log, request, at)
        self.hosts[name] = host
        return host

    def report(
        self,
        host: FakeHost,
        facts: Facts,
        at: datetime,
        *,
        chain: Chain | None = None,
        skew: timedelta = timedelta(0),
        edit: Callable[[Report], Report] = lambda said: said,
    ) -> str:
        """The digest of the report that `host` made of `facts`, taken in at `at`.

        `chain` is another place than the next, and does not become the host's last; `skew` is how
        far ahead the host's clock is; `edit` is what the holder of its key does before it signs.
        """
        place = chain or Chain(host.sequence + 1, host.previous, "boot", None, 3600)
        payload, blobs = self._payload(host, facts, clock.stamp(at + skew), place, edit)
        sealed = dsse.seal(payload, host.key)
        with self.service.store.write() as connection:
            unit = units.get(connection, self.unit)
            delivered = delivery.examine(
                Parcel(envelopes=(sealed,), blobs=blobs),
                Sender(host.id, unit.id, host.key.public),
                round(skew.total_seconds()),
                is_stored=lambda _: False,
            )
            (outcome,) = ingest.take(
                connection, self.service.log, [delivered], at, is_stored=lambda _: False
            )
        if isinstance(outcome, Exception):
            raise outcome
        digest = sha256(payload)
        if chain is None:
            host.sequence, host.previous = place.sequence, digest
        return digest

    def _payload(
        self,
        host: FakeHost,
        facts: Facts,
        stamp: str,
        chain: Chain,
        edit: Callable[[Report], Report],
    ) -> tuple[bytes, dict[str, bytes]]:
        """A report's payload and the tables it is about."""
        given: dict[str, Any] = {"name": "-", "given": facts, "verdict": "pass", "now": stamp}
        source = GivenFacts.of(msgspec.convert(given, CheckTest))
        tables = catalogue(self._policies)
        engine = Engine(source, catalogue=tables, now=stamp)
        read = needs(self._policies, engine)
        for _ in engine.load(read | whole("os_version", tables)):
            pass
        verdicts = tuple(judge(self._policies, engine, self._registers, {}))
        recorded = engine.recorded().tables.values()
        wire = [to_wire(table) for table in recorded]
        assignment = self._assignment
        report = Report(
            host=Host(host.id, host.name),
            scan=Scan(secrets.token_hex(8), stamp, stamp, Clock(True, 3), "schedule"),  # noqa: FBT003  # synchronised
            chain=chain,
            assignment=Digest(self._digest) if assignment else None,
            policies=assignment.policies if assignment else (),
            registers=assignment.registers if assignment else (),
            parameters={},
            tables=tuple(entry for entry, _ in wire),
            verdicts=verdicts,
            score=score(self._policies, verdicts, oldest_fact(read, recorded)),
            engine=EngineBuild("0.1.0", "3.54.0", "3.11.2"),
            agent=Digest("a" * 64),
            view=View(0, "000001ffffffffff", {"net": "4026531840"}, "off", "/"),
            cost=Cost(310, 420, 39_000),
        )
        subject = tuple(Subject(f"tables/{e.name}", Digest(sha256(data))) for e, data in wire)
        payload = encode_statement(subject, edit(report))
        return payload, {sha256(data): data for _, data in wire}


@dataclass(frozen=True)
class Morning:
    """What `morning` made, closed again, to be served and looked at; not to be changed."""

    data: Path
    password: str
    """Of the administrator."""
    hosts: Mapping[str, str]
    """Ids by name."""

    @property
    def unit(self) -> str:
        """The path of the unit's page."""
        return f"/units/{quote(UNIT)}"

    def host(self, name: str) -> str:
        """The path of the page of the host `name`."""
        return f"/hosts/{self.hosts[name]}"


def make_morning(directory: Path) -> Morning:
    """A data directory below `directory` with the unit of `morning`."""
    data = directory / "data"
    password = service.initialise(data, host_names=("127.0.0.1",), listen="127.0.0.1:8443")
    opened = service.open_service(data)
    with opened.store.write() as connection:
        units.add(connection, UNIT)
    estate = morning(opened, directory, clock.now())
    opened.close()
    return Morning(data, password, {name: host.id for name, host in estate.hosts.items()})


@dataclass(frozen=True)
class _Plan:
    """One host of the morning."""

    name: str
    zone: str
    old: tuple[str, ...] = ()
    """Flaws it has had for nine days."""
    new: tuple[str, ...] = ()
    """Flaws since this night."""
    gone: tuple[str, ...] = ()
    """Flaws that were repaired this night."""


def morning(opened: Service, directory: Path, now: datetime) -> Estate:
    """Forty hosts in three zones; all that a page has to be able to show is somewhere in it."""
    estate = Estate(opened, directory)
    estate.assign()
    long_ago, yesterday, lately = (
        now - timedelta(days=9),
        now - timedelta(hours=26),
        now - timedelta(minutes=20),
    )
    for number, plan in enumerate(_plans()):
        host = estate.enrol(plan.name, plan.zone, long_ago)
        address = f"{ZONES[plan.zone]}.1.{number + 10}"
        before = (*plan.old, *plan.gone)
        if before:
            estate.report(host, _facts(address, before, long_ago), long_ago)
        if plan.name == "scada-07":
            estate.report(host, _facts(address, before, yesterday), yesterday)
            continue  # out of contact since
        if plan.name == "hist-02":
            host.sequence += 3  # three reports never came
            host.previous = sha256(b"one that never came")
        skew = timedelta(hours=49) if plan.name == "oa-05" else timedelta(0)
        after = (*plan.old, *plan.new)
        estate.report(host, _facts(address, after, lately + skew), lately, skew=skew)
        if plan.name == "hist-03":
            twin = Chain(host.sequence, None, "other-boot", None, 3600)
            estate.report(host, _facts(address, ("frp",), lately), lately, chain=twin)
    estate.enrol("web-09", "互联网服务区", now - timedelta(days=2))  # and was never heard of
    return estate


def _plans() -> Iterable[_Plan]:
    production, office, internet = ZONES
    special = {
        "scada-01": _Plan("scada-01", production, new=("stick",)),
        "scada-02": _Plan("scada-02", production, old=("storage driver",), new=("stick",)),
        "scada-03": _Plan("scada-03", production, old=("approved stick",)),
        "scada-04": _Plan("scada-04", production, old=("two zones",)),
        "scada-05": _Plan("scada-05", production, new=("phone", "stick at night")),
        "hist-01": _Plan("hist-01", production, old=("no audit", "short logs")),
        "oa-01": _Plan("oa-01", office, old=("todesk", "root by ssh")),
        "oa-02": _Plan("oa-02", office, old=("todesk", "short logs")),
        "oa-03": _Plan("oa-03", office, new=("todesk",)),
        "oa-04": _Plan("oa-04", office, old=("plain user",)),
        "oa-06": _Plan("oa-06", office, old=("root by ssh",), gone=("empty password",)),
        "oa-07": _Plan("oa-07", office, old=("wifi",)),
        "oa-08": _Plan("oa-08", office, gone=("second root", "telnet")),
        "web-01": _Plan("web-01", internet, new=("frp",)),
        "web-02": _Plan("web-02", internet, old=("redis",)),
        "web-03": _Plan("web-03", internet, old=("container",)),
        "web-04": _Plan("web-04", internet, old=("covered",)),
        "web-05": _Plan("web-05", internet, old=("root by ssh", "not watching")),
    }
    zones = {"scada": (production, 12), "hist": (production, 4), "oa": (office, 15)}
    for prefix, (zone, count) in {**zones, "web": (internet, 8)}.items():
        for number in range(1, count + 1):
            name = f"{prefix}-{number:02}"
            usb = ("no usb", "not watching") if prefix == "web" else ()
            yield special.get(name, _Plan(name, zone, old=usb))


def _facts(address: str, flaws: Iterable[str], at: datetime) -> Facts:
    facts = with_flaws(ordinary(address, at), flaws)
    stamp = clock.stamp(at - timedelta(hours=1))
    for chain in facts["anfang_chain"]:
        chain |= {"last_report": stamp, "last_receipt": stamp}
    events = facts["hardware_events"]
    if isinstance(events, list):
        night = int((at - timedelta(hours=5)).timestamp())
        facts["hardware_events"] = [{**event, "time": night} for event in events]
    return facts

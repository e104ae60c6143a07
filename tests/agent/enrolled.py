"""A host that is enrolled, made without a server: the server's part is played with real keys."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from agent import clock
from agent.exchange import take_in
from agent.spool import Spool
from agent.state import HostFile, State
from evidence import checkpoint, dsse, keys, merkle, receipt, trust
from evidence.checkpoint import Checkpoint
from evidence.keys import SigningKey
from evidence.parcel import Parcel
from evidence.receipt import Receipt
from evidence.statement import (
    Assignment,
    Digest,
    Enrolment,
    Host,
    PolicyRef,
    RegisterRef,
    Subject,
    encode_statement,
)
from policies.compile import compile_policy, reference
from policies.load import load
from server import authority

UNIT, ZONE, ORIGIN = "test-unit", "zone-1", "log.test/cii"
HOST_ID = "0123456789abcdef0123456789abcdef"
NOW = "2026-11-23T08:00:00Z"

POLICY = """\
policy: small
version: 2026.11.0
title: {zh: 小策略, en: A small policy}
registers:
  approved_systems: {columns: [name], doc: {zh: 许可的系统, en: Allowed systems}}
checks:
  - id: CEP-AGT-901
    title: {zh: 应有操作系统名称, en: The system has a name}
    why: {zh: 用于试验, en: For tests}
    family: agt
    severity: low
    advice:
      do: {zh: 无, en: Nothing}
      impact: {zh: 无, en: None}
      rollback: {zh: 无, en: None}
      window: false
    clauses: []
    false_positives: {zh: 无, en: None}
    finding: {zh: "系统 {name} 没有名称", en: "System {name} has no name"}
    violations: SELECT name FROM os_version WHERE name = ''
  - id: CEP-AGT-902
    title: {zh: 不应有 root 账户, en: There is no root account}
    why: {zh: 用于试验, en: For tests}
    family: acc
    severity: critical
    advice:
      do: {zh: 不必处置, en: Do nothing}
      impact: {zh: 无, en: None}
      rollback: {zh: 无, en: None}
      window: true
    clauses: []
    false_positives: {zh: 总是, en: Always}
    finding: {zh: "账户 {username} 的标识为 {uid}", en: "Account {username} has id {uid}"}
    violations: SELECT username, uid FROM users WHERE uid = 0
  - id: CEP-AGT-903
    title: {zh: 应为许可的系统, en: The system is an allowed one}
    why: {zh: 用于试验, en: For tests}
    family: agt
    severity: high
    advice:
      do: {zh: 无, en: Nothing}
      impact: {zh: 无, en: None}
      rollback: {zh: 无, en: None}
      window: false
    clauses: []
    false_positives: {zh: 无, en: None}
    registers: [approved_systems]
    violations: SELECT name FROM os_version WHERE name NOT IN (SELECT name FROM approved_systems)
"""
"""On any Linux host: one check passes, one critical fails, one lacks its register."""


@dataclass(frozen=True, slots=True)
class Played:
    """The server that a test plays."""

    key: SigningKey
    state: State
    policy: bytes

    def assign(self, serial: int = 1, *, interval_s: int = 3600, unit: str = UNIT) -> Parcel:
        """A parcel with an assignment of the policy."""
        compiled = self.policy
        digest = hashlib.sha256(compiled).hexdigest()
        ref = PolicyRef(policy="small", version="2026.11.0", digest=Digest(sha256=digest))
        return self.assignment((ref,), (), {digest: compiled}, serial, interval_s, unit)

    def keep(self, given: Parcel) -> None:
        """Put the assignment in `given` in force as it is, as if it had been taken in long ago.

        The agent itself refuses to take in one whose interval is too short for its host.
        """
        (envelope,) = given.envelopes
        Spool(self.state).add_blobs(given.blobs)
        self.state.write(
            f"assignments/{dsse.open_envelope(envelope).payload_digest}.json", envelope
        )
        self.state.write("assignment.json", envelope)

    def assignment(  # noqa: PLR0917  # what an assignment says, in its order
        self,
        policies: tuple[PolicyRef, ...],
        registers: tuple[RegisterRef, ...],
        blobs: dict[str, bytes],
        serial: int = 1,
        interval_s: int = 3600,
        unit: str = UNIT,
    ) -> Parcel:
        """A parcel with an assignment and what it names."""
        assignment = Assignment(
            unit=unit,
            serial=serial,
            issued=NOW,
            policies=policies,
            registers=registers,
            parameters={},
            interval_s=interval_s,
        )
        subject = Subject(name="unit", digest=Digest(sha256="0" * 64))
        envelope = dsse.seal(encode_statement((subject,), assignment), self.key)
        return Parcel(envelopes=(envelope,), blobs=blobs)

    def receipts(self, sent: Parcel) -> Parcel:
        """Receipts for the envelopes of `sent`, from a log that holds nothing else."""
        opened = [dsse.open_envelope(envelope) for envelope in sent.envelopes]
        received = clock.now()
        leaves = [
            receipt.leaf(each.payload_digest, each.signatures[0].keyid, received) for each in opened
        ]
        nodes: dict[tuple[int, int], bytes] = {}
        for size, leaf in enumerate(leaves):
            added = merkle.appended(size, merkle.leaf_hash(leaf), lambda *at: nodes[at])
            nodes.update({(level, index): node for level, index, node in added})
        size = len(leaves)
        head = Checkpoint(ORIGIN, size, merkle.root(size, lambda *at: nodes[at]))
        signed = checkpoint.sign(head, self.key)
        proofs = {
            each.payload_digest: receipt.encode(
                Receipt(
                    index,
                    leaf,
                    signed,
                    merkle.inclusion_proof(index, size, lambda *at: nodes[at]),
                )
            )
            for index, (each, leaf) in enumerate(zip(opened, leaves, strict=True))
        }
        return Parcel(receipts=proofs)


def enrolled(directory: Path, policy: str = POLICY) -> Played:
    """A state directory below `directory` whose host is enrolled and has `policy` assigned."""
    state = State(directory / "state")
    state.root.mkdir(mode=0o700)
    server = keys.create_key(directory / "server-key.pem")
    own = keys.create_key(state.key_file)
    host = Host(id=HOST_ID, name="test-host")
    enrolment = Enrolment(
        host=host,
        public_key=own.public.pem,
        key_id=own.key_id,
        unit=UNIT,
        zone=ZONE,
        enrolled=NOW,
    )
    subject = Subject(name="host", digest=Digest(sha256=own.key_id))
    state.write("enrolment.json", dsse.seal(encode_statement((subject,), enrolment), server))
    authority.create(directory, name="test", host_names=("127.0.0.1",))
    state.write("ca.pem", authority.ca_pem(directory))
    state.write("unit.key", b"00" * 32)
    state.trust_directory.mkdir()
    trust.save_server(state.trust_directory, trust.Server("server", server.public, ORIGIN))
    trust.save_host(state.trust_directory, HOST_ID, own.public)
    state.write_host(
        HostFile(id=HOST_ID, server="https://127.0.0.1:1", unit=UNIT, zone=ZONE, enrolled=NOW)
    )
    file = directory / "small.yaml"
    file.write_text(policy, "utf-8")
    played = Played(server, state, compile_policy(load(file).policy))
    take_in(state, played.assign())
    return played


def library(played: Played, serial: int = 2) -> None:
    """Assign the shipped library to the host of `played`."""
    from policies.load import LIBRARY  # noqa: PLC0415  # for benchmarks, which need no other policy

    policy = load(LIBRARY / "cii-host.yaml").policy
    compiled = compile_policy(policy)
    ref = reference(policy, compiled)
    take_in(
        played.state,
        played.assignment((ref,), (), {ref.digest.sha256: compiled}, serial),
    )

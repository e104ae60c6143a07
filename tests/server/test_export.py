"""What is carried away verifies elsewhere, with nothing but the trust directory."""

from pathlib import Path

import pytest

from evidence import parcel
from evidence.finding import Outcome
from evidence.statement import PolicyRef
from evidence.trust import Trust
from evidence.verify import verify_parcel
from server import export, units
from server.errors import UsageError
from tests.server.hosts import FakeHost
from tests.server.sites import UNIT, Site


def _exported(site: Site, host: FakeHost, directory: Path) -> parcel.Parcel:
    file = directory / "host.parcel"
    export.write_host(site.service, host.id, file)
    return parcel.read(file.read_bytes(), limit=10**8)


def _policies(site: Site) -> tuple[PolicyRef, ...]:
    with site.service.store.read() as connection:
        unit = units.get(connection, UNIT)
        digest = units.newest_assignments(connection, [unit.id])[unit.id].digest
        return units.read_assignment(connection, digest).policies


def test_a_host_is_exported_whole(site: Site, tmp_path: Path) -> None:
    """Enrolment, assignment, reports in order, all they name, and every receipt."""
    site.assign()
    policies = _policies(site)
    host = site.enrolled()
    made = [host.report() for _ in range(3)]
    site.deliver(host, *made)

    held = _exported(site, host, tmp_path)

    assert held.envelopes[2:] == tuple(one.envelope for one in made)
    assert {d for one in made for d in one.blobs} | {policies[0].digest.sha256} == set(held.blobs)
    assert len(held.receipts) == 5


def test_the_export_verifies_with_the_trust_directory(site: Site, tmp_path: Path) -> None:
    """Signatures, chain, receipts and proofs all hold for whoever trusts this server; a report
    about tables that nobody judged here is all the integrity there is to check.
    """
    host = site.enrolled()
    site.deliver(host, host.report(), host.report())
    export.write_trust(site.service, tmp_path / "trust")

    verification = verify_parcel(_exported(site, host, tmp_path), Trust.load(tmp_path / "trust"))

    failed = [
        finding
        for each in verification.checked
        for finding in each.findings
        if finding.outcome is Outcome.FAILED
    ]
    assert failed == []
    assert {each.signer for each in verification.reports} == {host.key.key_id}
    assert all(each.received_at for each in verification.reports)


def test_without_trust_no_signer_is_established(site: Site, tmp_path: Path) -> None:
    """An export vouches for nobody by itself."""
    host = site.enrolled()
    site.deliver(host, host.report())

    verification = verify_parcel(_exported(site, host, tmp_path), Trust())

    assert {each.signer for each in verification.reports} == {None}


def test_a_host_is_found_by_its_name(site: Site, tmp_path: Path) -> None:
    """Unless two have it, or none."""
    one = site.enrolled(name="db-01")
    site.enrolled(name="web")
    site.enrolled(name="web")

    with site.service.store.read() as connection:
        assert export.find_host(connection, "db-01") == one.id
        with pytest.raises(UsageError, match="2 hosts are called 'web'"):
            export.find_host(connection, "web")
        with pytest.raises(UsageError, match="no host 'mail'"):
            export.find_host(connection, "mail")


def test_a_file_that_cannot_be_written_is_told(site: Site, tmp_path: Path) -> None:
    """By its path and the reason."""
    host = site.enrolled()

    with pytest.raises(UsageError, match="cannot be written"):
        export.write_host(site.service, host.id, tmp_path / "none" / "file")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        export.write_trust(site.service, tmp_path / "file")

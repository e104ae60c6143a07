"""The data directory: how it is made, who may see it, what it is made for."""

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from server import authority, config, people, service, tokens
from server.errors import DataError, UsageError
from server.serve import serve


def test_secrets_are_closed_to_others(initialised: Path) -> None:
    """The directory and every key in it are the owner's alone."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in initialised.iterdir()}

    assert stat.S_IMODE(initialised.stat().st_mode) == 0o700
    assert {
        name: mode for name, mode in modes.items() if "key" in name or name.endswith("sqlite")
    } == dict.fromkeys(
        ("anfang.sqlite", "ca-key.pem", "server-key.pem", "server-signing-key.pem"), 0o600
    )


def test_init_wants_an_empty_directory(initialised: Path) -> None:
    """A second init would make a second identity over the first."""
    with pytest.raises(UsageError, match="not empty"):
        service.initialise(initialised, host_names=("a",), listen="127.0.0.1:1")


def test_the_first_administrator_can_sign_in(tmp_path: Path) -> None:
    """The password that init hands out is the one that works."""
    password = service.initialise(
        tmp_path / "data", host_names=("localhost",), listen="127.0.0.1:8443"
    )

    opened = service.open_service(tmp_path / "data")

    person = people.authenticate(opened.store, service.ADMINISTRATOR, password)
    opened.close()
    assert person is not None
    assert person.role == people.ADMINISTRATOR


def test_an_open_directory_is_refused(data: Path) -> None:
    """Keys that others may have read are no keys; the message names the fix."""
    data.chmod(0o755)

    with pytest.raises(DataError, match="chmod 700"):
        service.open_service(data)


def test_an_open_key_is_refused(data: Path) -> None:
    """The same for the signing key alone."""
    (data / service.SIGNING_KEY).chmod(0o644)

    with pytest.raises(DataError, match="chmod 600"):
        service.open_service(data)


def test_a_directory_is_served_by_one(data: Path) -> None:
    """Whoever comes second is told that there is a first."""
    with (
        service.locked(data),
        pytest.raises(DataError, match="another server"),
        service.locked(data),
    ):
        pass

    with service.locked(data):
        pass


def test_a_classified_system_is_refused(data: Path) -> None:
    """The server does not start where it must not be used, and says why."""
    file = data / config.NAME
    file.write_text(file.read_text().replace("classified = false", "classified = true"))

    with pytest.raises(UsageError, match="classified system"):
        serve(data)


def test_the_certificate_holds_for_its_names_and_chains_to_the_authority(tmp_path: Path) -> None:
    """A TLS library that trusts the authority alone accepts the server by name and by address."""
    authority.create(tmp_path, name="Test", host_names=("collector.example", "10.0.0.1"))

    chain = x509.load_pem_x509_certificates((tmp_path / authority.SERVER_CHAIN).read_bytes())

    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["collector.example"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    chain[0].verify_directly_issued_by(chain[1])
    assert [_shakes_hands(tmp_path, name) for name in ("collector.example", "10.0.0.1")] == [
        True,
        True,
    ]
    assert not _shakes_hands(tmp_path, "other.example")


def _shakes_hands(directory: Path, name: str) -> bool:
    """Whether a client that trusts the authority accepts the server as `name`."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(directory / authority.SERVER_CHAIN, directory / authority.SERVER_KEY)
    asking = ssl.create_default_context(cafile=str(directory / authority.CA_CERTIFICATE))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = asking.wrap_bio(to_client, to_server, server_hostname=name)
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return client.version() == "TLSv1.3"


def test_a_certificate_is_issued_anew_for_other_names(tmp_path: Path) -> None:
    """The authority stays, so that agents that pinned it go on."""
    authority.create(tmp_path, name="Test", host_names=("old.example",))
    pinned = authority.ca_pem(tmp_path)

    covered = authority.covers(tmp_path, ("new.example",))
    authority.issue(tmp_path, ("new.example",))

    assert not covered
    assert authority.covers(tmp_path, ("new.example",))
    assert authority.ca_pem(tmp_path) == pinned
    assert _shakes_hands(tmp_path, "new.example")


def test_certificates_hold_for_any_clock(tmp_path: Path) -> None:
    """A host whose clock says 2001 or 2099 can still send its evidence."""
    authority.create(tmp_path, name="Test", host_names=("a",))

    chain = x509.load_pem_x509_certificates((tmp_path / authority.SERVER_CHAIN).read_bytes())

    for certificate in chain:
        assert certificate.not_valid_before_utc.year == 2000
        assert certificate.not_valid_after_utc.year == 9999


def test_a_token_names_the_authority(initialised: Path) -> None:
    """Its second part is the digest an agent holds the certificate against."""
    key = authority.ca_public_key(initialised)

    one, two = tokens.create(key), tokens.create(key)

    assert tokens.well_formed(one)
    assert one.split(".")[2] == two.split(".")[2]
    assert one.split(".")[1] != two.split(".")[1]
    assert tokens.create(b"another").split(".")[2] != one.split(".")[2]

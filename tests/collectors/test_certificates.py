"""Certificates beside openssl: this machine's trust store, and some that openssl makes."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.host import RootHost
from facts.status import COMPLETE, Status, condition
from tests.collectors import roots
from tests.collectors.observe import here
from tests.collectors.roots import by, cells, read

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
NAMES = ["-nameopt", "oneline,-esc_msb,utf8"]


def root(directory: Path, files: Mapping[str, str | bytes]) -> RootHost:
    """A host with these files, and with the directories that every host has."""
    return roots.root(directory, {"/usr/bin/sh": "", **files})


def openssl(*argv: str, given: bytes = b"") -> str:
    answer = subprocess.run(["openssl", *argv], input=given, capture_output=True, check=True)
    return answer.stdout.decode()


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One certificate of each kind of key, by its kind, as PEM, and the key of one."""
    directory = tmp_path_factory.mktemp("certificates")
    kinds = {
        "rsa": ["rsa:2048"],
        "ec": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "sm2": ["sm2"],
        "ed25519": ["ed25519"],
    }
    found: dict[str, bytes] = {}
    for kind, key in kinds.items():
        digest = ["-sm3", "-sigopt", "distid:1234567812345678"] if kind == "sm2" else []
        openssl(
            *("req", "-x509", "-nodes", "-days", "30", "-newkey", *key, *digest),
            *("-subj", f"/C=CN/O=单位, {kind}/CN={kind}.test", "-utf8"),
            *("-keyout", str(directory / "key.pem"), "-out", str(directory / "cert.pem")),
        )
        found[kind] = (directory / "cert.pem").read_bytes()
        found["key"] = (directory / "key.pem").read_bytes()
    return found


def test_trusted_certificates_are_those_of_openssl() -> None:
    """Names, dates, number, digest and algorithm of each in this machine's bundle."""
    blocks = Path(BUNDLE).read_text().split("-----END CERTIFICATE-----\n")[:-1]
    told = []
    for block in blocks[:40]:
        said = openssl(
            *("x509", "-noout", "-subject", "-issuer", "-serial", "-fingerprint", "-sha1"),
            *("-enddate", "-dateopt", "iso_8601", *NAMES),
            given=f"{block}-----END CERTIFICATE-----\n".encode(),
        )
        fields = dict(line.split("=", 1) for line in said.splitlines())
        told.append(
            (
                fields["subject"],
                fields["issuer"],
                fields["serial"],
                fields["sha1 Fingerprint"].replace(":", "").lower(),
            )
        )

    rows = [row for row in here("certificates").rows if row["path"] == BUNDLE]

    columns = ("subject2", "issuer2", "serial", "sha1")
    assert [tuple(row[c] for c in columns) for row in rows[:40]] == told
    assert len(rows) == len(blocks)
    assert {row["ca"] for row in rows} == {1}


def test_kinds_of_keys_are_told(tmp_path: Path, made: dict[str, bytes]) -> None:
    """RSA by its bits, curves by their names, the national algorithms among them."""
    names = ("rsa", "ec", "sm2", "ed25519")
    host = root(tmp_path, {f"/etc/nginx/{name}.crt": made[name] for name in names})

    found = read(host, "certificates")

    assert found.condition == COMPLETE
    columns = ("common_name", "signing_algorithm", "key_algorithm", "key_strength")
    assert sorted(cells(found, *columns)) == [
        ("ec.test", "ecdsa-with-SHA256", "id-ecPublicKey", "prime256v1"),
        ("ed25519.test", "ED25519", "ED25519", ""),
        ("rsa.test", "sha256WithRSAEncryption", "rsaEncryption", "2048"),
        ("sm2.test", "SM2-with-SM3", "id-ecPublicKey", "sm2"),
    ]
    assert (
        by(found, "common_name", "subject2")["rsa.test"] == 'C = CN, O = "单位, rsa", CN = rsa.test'
    )
    assert by(found, "common_name", "subject")["rsa.test"] == "/C=CN/O=单位, rsa/CN=rsa.test"


def test_validity_and_identifiers_are_openssls(tmp_path: Path, made: dict[str, bytes]) -> None:
    """Dates in seconds, whether it signed itself, and the identifiers of its keys."""
    host = root(tmp_path, {"/etc/haproxy/a.crt": made["rsa"]})
    form = ["-noout", "-startdate", "-enddate", "-ext", "subjectKeyIdentifier"]
    said = openssl("x509", *form, given=made["rsa"])
    dates = [line.partition("=")[2] for line in said.splitlines()[:2]]
    seconds = [
        subprocess.run(["date", "-d", d, "+%s"], capture_output=True, text=True, check=True).stdout
        for d in dates
    ]

    (row,) = read(host, "certificates").rows

    assert [row["not_valid_before"], row["not_valid_after"]] == [s.strip() for s in seconds]
    assert (row["ca"], row["self_signed"], row["purpose"]) == (1, 1, "service")
    assert str(row["subject_key_id"]).upper() in said.replace(":", "")
    assert row["authority_key_id"] == row["subject_key_id"]


def test_keys_are_never_opened(tmp_path: Path, made: dict[str, bytes]) -> None:
    """Neither what is called a key nor a file for its owner only; the latter is said."""

    class Watched(RootHost):
        opened: list[str] = []  # noqa: RUF012 - of this test alone

        def read(self, path: str, *, limit: int = 4096) -> bytes:
            self.opened.append(path)
            return super().read(path, limit=limit)

    combined = "/etc/haproxy/site.pem"
    files = {
        "/etc/letsencrypt/live/a.test/privkey.pem": made["key"],
        "/etc/letsencrypt/live/a.test/cert.pem": made["rsa"],
        "/etc/ssl/private/x.pem": made["key"],
        "/etc/nginx/server-key.pem": made["key"],
        combined: made["rsa"] + made["key"],
    }
    root(tmp_path, files)
    (tmp_path / combined[1:]).chmod(0o600)

    found = read(Watched(tmp_path), "certificates")

    assert Watched.opened == ["/etc/letsencrypt/live/a.test/cert.pem"]
    assert cells(found, "path") == [("/etc/letsencrypt/live/a.test/cert.pem",)]
    assert found.condition == condition(Status.PARTIAL, "may_hold_key", combined)


def test_each_place_has_its_purpose(tmp_path: Path, made: dict[str, bytes]) -> None:
    """The bundle, what was added to it, and services; links to the bundle's own are no rows."""
    der = tmp_path / "der"
    openssl("x509", "-outform", "DER", "-out", str(der), given=made["ec"])
    trusted = openssl("x509", "-trustout", "-addtrust", "serverAuth", given=made["rsa"])
    host = root(
        tmp_path / "root",
        {
            BUNDLE: made["rsa"] + made["ec"],
            "/etc/ssl/certs/0a1b2c3d.0": "-> ca-certificates.crt",
            "/etc/ssl/certs/linked.pem": "-> /usr/share/ca.crt",
            "/etc/ssl/certs/own.pem": made["ed25519"],
            "/usr/share/ca.crt": made["rsa"],
            "/usr/local/share/ca-certificates/site/ca.cer": der.read_bytes(),
            "/etc/httpd/conf.d/trusted.crt": trusted.encode(),
            "/etc/nginx/dhparam.pem": "-----BEGIN DH PARAMETERS-----\nAA==\n-----END",
        },
    )

    found = read(host, "certificates")

    assert found.condition == COMPLETE
    assert cells(found, "path", "purpose", "common_name") == [
        (BUNDLE, "trust", "rsa.test"),
        (BUNDLE, "trust", "ec.test"),
        ("/usr/local/share/ca-certificates/site/ca.cer", "anchor", "ec.test"),
        ("/etc/ssl/certs/own.pem", "service", "ed25519.test"),
        ("/etc/httpd/conf.d/trusted.crt", "service", "rsa.test"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"nothing of the kind",
        b"\0\xff" * 1000,
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        b"0\x82\xff\xff",
    ],
)
def test_what_is_no_certificate_is_said(
    tmp_path: Path, made: dict[str, bytes], content: bytes
) -> None:
    """A file that should be one and is not makes the table partial, and the others stay."""
    host = root(tmp_path, {"/etc/nginx/a.crt": content, "/etc/nginx/b.crt": made["rsa"]})

    found = read(host, "certificates")

    assert cells(found, "path") == [("/etc/nginx/b.crt",)]
    assert found.condition == condition(Status.PARTIAL, "malformed_source", "/etc/nginx/a.crt")


def test_any_bytes_are_a_certificate_or_said_not_to_be(
    tmp_path: Path, made: dict[str, bytes]
) -> None:
    """Whatever byte of a certificate is changed, nothing crashes."""
    path = tmp_path / "etc/nginx/a.crt"
    host = root(tmp_path, {"/etc/nginx/a.crt": b""})
    der = subprocess.run(
        ["openssl", "x509", "-outform", "DER"], input=made["rsa"], capture_output=True, check=True
    ).stdout

    for place in range(0, len(der), 3):
        path.write_bytes(der[:place] + bytes([der[place] ^ 0x15]) + der[place + 1 :])
        found = read(host, "certificates")
        assert bool(found.rows) is found.condition.complete

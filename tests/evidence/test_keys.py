"""Keys: made once, kept closed, named by their own digest."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from evidence import keys
from evidence.errors import KeyFileError, MalformedError, NotAuthenticError


def pem_of(private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_a_key_is_kept_closed_and_read_back(tmp_path: Path) -> None:
    """Mode 0600, standard PKCS #8, and the same key afterwards."""
    path = tmp_path / "key.pem"
    made = keys.create_key(path)
    read = keys.load_key(path)

    read.public.verify(made.sign(b"data"), b"data")

    assert path.stat().st_mode & 0o7777 == 0o600
    assert read.public == made.public
    assert "PRIVATE" not in repr(made)


def test_the_key_id_is_the_digest_of_the_public_key_info(tmp_path: Path) -> None:
    """SHA-256 of the DER that the standard library of cryptography writes."""
    path = tmp_path / "key.pem"
    made = keys.create_key(path)
    standard = serialization.load_pem_private_key(path.read_bytes(), None).public_key()
    der = standard.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pem = standard.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    assert made.key_id == hashlib.sha256(der).hexdigest()
    assert made.public.pem == pem.decode()
    assert keys.public_key(pem.decode()) == made.public


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """A second key in the same place is refused and the first stays."""
    path = tmp_path / "key.pem"
    first = keys.create_key(path)

    with pytest.raises(KeyFileError, match="never overwritten"):
        keys.create_key(path)

    assert keys.load_key(path).key_id == first.key_id


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700 | 0o001])
def test_refuses_a_key_that_is_open_to_others(tmp_path: Path, mode: int) -> None:
    """The message names the command that closes it."""
    path = tmp_path / "key.pem"
    keys.create_key(path)
    path.chmod(mode)

    with pytest.raises(KeyFileError, match=f"chmod 600 {path}"):
        keys.load_key(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"not a key", b"x" * 100_000, pem_of(ec.generate_private_key(ec.SECP256R1()))],
)
def test_refuses_what_is_not_an_ed25519_key(tmp_path: Path, content: bytes) -> None:
    """Garbage, a file that goes on and on, another algorithm."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(KeyFileError):
        keys.load_key(path)


def test_refuses_links_directories_and_absence(tmp_path: Path) -> None:
    """A key is a regular file in its own place."""
    keys.create_key(tmp_path / "key.pem")
    link = tmp_path / "link.pem"
    link.symlink_to(tmp_path / "key.pem")

    for path in (link, tmp_path, tmp_path / "absent.pem"):
        with pytest.raises(KeyFileError):
            keys.load_key(path)


def test_a_wrong_signature_is_not_authentic(tmp_path: Path) -> None:
    """Other data, another key, another length."""
    key = keys.create_key(tmp_path / "key.pem")
    other = keys.create_key(tmp_path / "other.pem")
    signature = key.sign(b"data")

    for public, wrong, data in (
        (key.public, signature, b"datb"),
        (other.public, signature, b"data"),
        (key.public, signature[:-1], b"data"),
        (key.public, b"", b"data"),
    ):
        with pytest.raises(NotAuthenticError):
            public.verify(wrong, data)


def test_refuses_public_keys_of_another_form(tmp_path: Path) -> None:
    """One spelling of one algorithm; what stands above it is a comment."""
    pem = keys.create_key(tmp_path / "key.pem").public.pem
    body = pem.splitlines()[1]
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    other_pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()

    assert keys.public_key(f"a comment\n{pem}\n").pem == pem
    for wrong in (
        "",
        body,
        pem + pem,
        other_pem,
        pem.replace(body, body[:30] + "\n" + body[30:]),
        pem.replace(body, body[:-2] + "!="),
        pem.replace(body, body[:-1]),
        pem.replace("PUBLIC", "PRIVATE"),
        pem + "after",
    ):
        with pytest.raises(MalformedError):
            keys.public_key(wrong)


def test_importing_evidence_does_not_import_cryptography() -> None:
    """A process that only scans does not pay for signatures."""
    program = (
        "import sys, evidence.keys, evidence.dsse, evidence.statement, evidence.parcel, "
        "evidence.verify, evidence.trust; sys.exit('cryptography' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""The server's own certificate authority, which agents pin when they enrol.

Certificates are valid from 2000 to 9999: the clock of a host never decides whether its evidence
can arrive, and trust rests on the pinned authority, not on a date. Keys are P-256, because every
TLS library has it.
"""

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from evidence.files import write_atomic
from server.errors import DataError

CA_CERTIFICATE = "ca.pem"
CA_KEY = "ca-key.pem"
SERVER_CHAIN = "server.pem"
"""The server's certificate, then that of the authority."""
SERVER_KEY = "server-key.pem"

_NOT_BEFORE = datetime(2000, 1, 1, tzinfo=UTC)
_NOT_AFTER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""RFC 5280 §4.1.2.5: no well-defined expiration date."""


def create(directory: Path, *, name: str, host_names: tuple[str, ...]) -> None:
    """Make the authority `name` in `directory`, and the server's first certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"{name} CA")
    certificate = (
        _builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_atomic(directory / CA_KEY, _private_pem(key), mode=0o600)
    write_atomic(directory / CA_CERTIFICATE, _pem(certificate), mode=0o644)
    issue(directory, host_names)


def issue(directory: Path, host_names: tuple[str, ...]) -> None:
    """Issue the server's certificate for `host_names`, with a new key."""
    authority, authority_key = _authority(directory)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(_name(host_names[0]), authority.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(host_names)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    write_atomic(directory / SERVER_KEY, _private_pem(key), mode=0o600)
    write_atomic(directory / SERVER_CHAIN, _pem(certificate) + _pem(authority), mode=0o644)


def covers(directory: Path, host_names: tuple[str, ...]) -> bool:
    """Whether the server's certificate is for exactly `host_names`."""
    chain = x509.load_pem_x509_certificates(_read(directory / SERVER_CHAIN))
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return list(names) == _alternatives(host_names)


def ca_pem(directory: Path) -> bytes:
    """The authority's certificate."""
    return _read(directory / CA_CERTIFICATE)


def ca_public_key(directory: Path) -> bytes:
    """The authority's SubjectPublicKeyInfo (DER), whose digest an enrolment token carries."""
    certificate = x509.load_pem_x509_certificate(ca_pem(directory))
    return certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = x509.load_pem_x509_certificate(ca_pem(directory))
    key = serialization.load_pem_private_key(_read(directory / CA_KEY), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise DataError(
            f"{directory / CA_KEY}: 不是 CA 私钥；请从备份恢复",
            f"{directory / CA_KEY}: not the authority's key; restore it from a backup",
        )
    return certificate, key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise DataError(
            f"{path}: 无法读取：{e.strerror}；请检查权限或从备份恢复",
            f"{path}: cannot be read: {e.strerror}; check its mode or restore it from a backup",
        ) from e


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOT_BEFORE)
        .not_valid_after(_NOT_AFTER)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(host_names: tuple[str, ...]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for name in host_names:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            names.append(x509.DNSName(name))
    return names


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

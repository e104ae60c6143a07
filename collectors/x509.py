"""What a certificate says, in osquery's words, which are OpenSSL's."""

import hashlib
import warnings
from collections.abc import Iterator
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.utils import CryptographyDeprecationWarning

from evidence.canonical import Cell

_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.42": "GN",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_ALGORITHMS = {
    "1.2.840.10040.4.1": "dsaEncryption",
    "1.2.840.10045.2.1": "id-ecPublicKey",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.2.840.113549.1.1.1": "rsaEncryption",
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.156.10197.1.501": "SM2-with-SM3",
    "1.3.101.112": "ED25519",
    "1.3.101.113": "ED448",
}
"""OpenSSL's long names; an algorithm it has none for is told by its number."""
_CURVES = {"secp256r1": "prime256v1", "secp192r1": "prime192v1"}
_SM2 = bytes.fromhex("06082a811ccf5501822d")
"""The curve SM2 (GB/T 32918) as DER writes its number; the library does not know it."""
_QUOTED = frozenset(',+"\\<>;')

_NONSENSE = (x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)

E = TypeVar("E", bound=x509.ExtensionType)


def described(data: bytes, columns: frozenset[str]) -> dict[str, Cell]:
    """The wanted cells of the certificate in `data`, which is DER.

    Raises:
        ValueError: it is no certificate, or says nonsense.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # old roots break rules
        try:
            return {name: cell for name, cell in _cells(data, columns) if name in columns}
        except _NONSENSE as e:
            raise ValueError(str(e)) from e


def _cells(data: bytes, columns: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    found = x509.load_der_x509_certificate(data)
    yield "common_name", _first(found.subject)
    yield "subject", _oneline(found.subject)
    yield "issuer", _oneline(found.issuer)
    yield "subject2", _listed(found.subject)
    yield "issuer2", _listed(found.issuer)
    yield "not_valid_before", str(int(found.not_valid_before_utc.timestamp()))
    yield "not_valid_after", str(int(found.not_valid_after_utc.timestamp()))
    yield "signing_algorithm", _algorithm(found.signature_algorithm_oid)
    yield "key_algorithm", _algorithm(found.public_key_algorithm_oid)
    if "key_strength" in columns:
        yield "key_strength", _strength(found)
    yield "sha1", hashlib.sha1(data, usedforsecurity=False).hexdigest()
    number = f"{abs(found.serial_number):X}"
    yield "serial", ("-" if found.serial_number < 0 else "") + "0" * (len(number) % 2) + number
    if columns.isdisjoint({"ca", "self_signed", "key_usage", "subject_key_id", "authority_key_id"}):
        return
    subject_key = _extension(found, x509.SubjectKeyIdentifier)
    authority = _extension(found, x509.AuthorityKeyIdentifier)
    own = subject_key.digest if subject_key else None
    by = authority.key_identifier if authority else None
    self_signed = found.issuer == found.subject and (not own or not by or own == by)
    constraints = _extension(found, x509.BasicConstraints)
    old_root = constraints is None and found.version is x509.Version.v1 and self_signed
    yield "ca", int(constraints.ca if constraints else old_root)
    yield "self_signed", int(self_signed)
    yield "key_usage", _usage(_extension(found, x509.KeyUsage))
    yield "subject_key_id", own.hex() if own else ""
    yield "authority_key_id", by.hex() if by else ""


def _extension(found: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return found.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _first(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return _text(common[0].value) if common else ""


def _parts(name: x509.Name) -> Iterator[tuple[str, str]]:
    for attribute in name:
        number = attribute.oid.dotted_string
        yield _NAMES.get(number, number), _text(attribute.value)


def _oneline(name: x509.Name) -> str:
    return "".join(f"/{kind}={value}" for kind, value in _parts(name))


def _listed(name: x509.Name) -> str:
    return ", ".join(f"{kind} = {_quoted(value)}" for kind, value in _parts(name))


def _quoted(value: str) -> str:
    """`value` as OpenSSL writes it in one line: in quotes if it could be misread."""
    if value != value.strip(" ") or value.startswith("#") or not _QUOTED.isdisjoint(value):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return value


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()


def _algorithm(oid: x509.ObjectIdentifier) -> str:
    return _ALGORITHMS.get(oid.dotted_string, oid.dotted_string)


def _strength(found: x509.Certificate) -> str:
    """The size of an RSA or DSA key in bits, or the name of a curve; empty for other kinds."""
    try:
        key = found.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "sm2" if _SM2 in found.tbs_certificate_bytes else ""
    if isinstance(key, rsa.RSAPublicKey | dsa.DSAPublicKey):
        return str(key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES.get(key.curve.name, key.curve.name)
    return ""


def _usage(usage: x509.KeyUsage | None) -> str:
    """What the key may be used for; empty if nothing is said."""
    if usage is None:
        return ""
    agreement = usage.key_agreement
    said = (
        ("Encipher Only", agreement and usage.encipher_only),
        ("CRL Sign", usage.crl_sign),
        ("Key Cert Sign", usage.key_cert_sign),
        ("Key Agreement", agreement),
        ("Data Encipherment", usage.data_encipherment),
        ("Key Encipherment", usage.key_encipherment),
        ("Non Repudiation", usage.content_commitment),
        ("Digital Signature", usage.digital_signature),
        ("Decipher Only", agreement and usage.decipher_only),
    )
    return ", ".join(name for name, holds in said if holds)

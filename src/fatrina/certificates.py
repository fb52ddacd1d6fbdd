"""A local certificate authority, and a certificate for the host names of the real API."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fatrina.settings import CA_FILE, CERTIFICATE_FILE, KEY_FILE

HOSTS: Final = ("accounts.salla.sa", "api.salla.dev")
"""The host names of the real API, which many clients contain as constants."""
_CA_KEY_FILE: Final = "ca.key"
_LOCAL_NETWORKS: Final = ("127.0.0.0/8", "::1/128")
_ADDRESSES: Final = ("127.0.0.1", "::1")
_CA_DAYS: Final = 3650
_CERTIFICATE_DAYS: Final = 365
_CLOCK_SKEW: Final = timedelta(hours=1)
_NAME_CONSTRAINTS: Final = x509.NameConstraints
_CA_USAGE: Final = (False, False, False, False, False, True, True, False, False)
_SERVER_USAGE: Final = (True, False, False, False, False, False, False, False, False)


class CertificateError(Exception):
    """The certificate cannot be created; the message states the reason and what to do."""


def create(directory: Path, names: Sequence[str] = ()) -> bool:
    """Write a certificate for `HOSTS`, this machine and `names`; return whether the CA is new.

    An existing authority in the directory is kept, so that clients that trust it need no change.
    It is only valid for these names: a stolen key cannot imitate other sites.

    Raises:
        CertificateError: the existing authority is not valid for `names`, or cannot be read.
        OSError: a file cannot be written.
    """
    directory.mkdir(0o700, parents=True, exist_ok=True)
    is_new = not (directory / CA_FILE).exists()
    permitted = ("localhost", *HOSTS, *names)
    if is_new:
        _create_authority(directory, permitted)
    authority, authority_key = _load_authority(directory)
    _check_permitted(authority, directory, names)
    key = ec.generate_private_key(ec.SECP256R1())
    addresses = [x509.IPAddress(ip_address(each)) for each in _ADDRESSES]
    builder = _builder("localhost", authority.subject, key.public_key(), _CERTIFICATE_DAYS)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(*_SERVER_USAGE), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([*map(x509.DNSName, permitted), *addresses]),
            critical=False,
        )
        .add_extension(authority_id, critical=False)
    )
    certificate = builder.sign(authority_key, hashes.SHA256())
    _write(directory / KEY_FILE, _key_bytes(key))
    _write(directory / CERTIFICATE_FILE, _pem(certificate) + _pem(authority), private=False)
    return is_new


def _create_authority(directory: Path, names: Sequence[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Fatrina local CA")])
    networks = [x509.IPAddress(ip_network(each)) for each in _LOCAL_NETWORKS]
    constraints = x509.NameConstraints([*map(x509.DNSName, names), *networks], None)
    certificate = (
        _builder("Fatrina local CA", subject, key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(*_CA_USAGE), critical=True)
        .add_extension(constraints, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(directory / _CA_KEY_FILE, _key_bytes(key))
    _write(directory / CA_FILE, _pem(certificate), private=False)


def _load_authority(directory: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        authority = x509.load_pem_x509_certificate((directory / CA_FILE).read_bytes())
        key = serialization.load_pem_private_key((directory / _CA_KEY_FILE).read_bytes(), None)
    except (ValueError, FileNotFoundError) as exc:
        message = f"The authority in {directory} cannot be read: delete the directory."
        raise CertificateError(message) from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError(f"The key in {directory} is not from fatrina tls.")
    if authority.not_valid_after_utc < datetime.now(UTC) + timedelta(days=_CERTIFICATE_DAYS):
        message = f"The authority in {directory} expires within a year: delete the directory."
        raise CertificateError(message)
    return authority, key


def _check_permitted(authority: x509.Certificate, directory: Path, names: Sequence[str]) -> None:
    constraints = authority.extensions.get_extension_for_class(_NAME_CONSTRAINTS).value
    permitted = {str(each.value) for each in constraints.permitted_subtrees or ()}
    for name in names:
        if name not in permitted:
            message = (
                f"The authority in {directory} is not valid for {name}: delete the directory, and "
                "let clients trust the new authority."
            )
            raise CertificateError(message)


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes, *, private: bool = True) -> None:
    """Replace a file; a private one can be read by its owner only."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.touch(0o600 if private else 0o644)
    unfinished.write_bytes(data)
    unfinished.replace(path)

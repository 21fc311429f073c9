"""The emulator's own certificate authority: for its TLS ports and for clusters' kubeconfigs.

The authority is kept in the account's settings, so that a kubeconfig written before a restart
still trusts the server after it. Import this module where a certificate is needed, and not before:
cryptography is a sixth of a server's memory at its first answer.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ackgpu.emulator.real_time import REAL
from ackgpu.emulator.shared.catalog import regions
from ackgpu.emulator.store import Transaction

AUTHORITY_DAYS = 3650
BACKDATED = timedelta(days=1)
SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default.svc", "*.aliyuncs.com")
"""Besides these, ``*.<region>.aliyuncs.com`` for each region: a star stands for one label only."""
CERTIFICATE, KEY = "authority.certificate", "authority.key"


def authority_pem(session: Transaction) -> str:
    """The authority's certificate; made where the account has none (a writing transaction then)."""
    certificate = session.meta(CERTIFICATE)
    return certificate if certificate is not None else make_authority(session)


def has_key_identifiers(session: Transaction) -> bool | None:
    """Whether the account's authority says which key is its own; None if it has no authority."""
    certificate = session.meta(CERTIFICATE)
    if certificate is None:
        return None
    return _key_id(x509.load_pem_x509_certificate(certificate.encode())) is not None


def server_certificate(session: Transaction) -> tuple[str, str]:
    """A certificate for loopback, clusters and every product's endpoints, and its key, both PEM."""
    names = [*SERVER_NAMES, *(f"*.{row['id']}.aliyuncs.com" for row in regions())]
    wanted: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    wanted.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    alternatives = x509.SubjectAlternativeName(wanted)
    return _issue(session, subject, ExtendedKeyUsageOID.SERVER_AUTH, AUTHORITY_DAYS, alternatives)


def client_certificate(
    session: Transaction, common_name: str, organizations: Sequence[str], days: float
) -> tuple[str, str]:
    """A client certificate as kubeconfigs carry it, and its key, both PEM.

    Its life is counted in real days, since TLS compares it with real clocks.
    """
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in organizations]
        + [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )
    return _issue(session, subject, ExtendedKeyUsageOID.CLIENT_AUTH, days, None)


def sign_request(session: Transaction, request: str, organization: str, days: float) -> str:
    """The client certificate that a PEM request asks for, PEM; raises ValueError for what is none.

    Its subject is the request's with ``organization`` and, as the mark of a requested certificate,
    an organisational unit.
    """
    asked = x509.load_pem_x509_csr(request.encode())
    marks = [
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "requested"),
    ]
    key = asked.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise ValueError("the key of the request is of a kind that is not signed")  # noqa: TRY004
    return _signed(
        session, x509.Name([*asked.subject, *marks]), key, ExtendedKeyUsageOID.CLIENT_AUTH, days
    )


def token_signature(session: Transaction, text: bytes) -> bytes:
    """The signature of a token (RFC 7518, ES256): both numbers in 32 bytes each."""
    number, other = decode_dss_signature(_signer(session).sign(text, ec.ECDSA(hashes.SHA256())))
    return number.to_bytes(32, "big") + other.to_bytes(32, "big")


def _signer(session: Transaction) -> ec.EllipticCurvePrivateKey:
    signer = serialization.load_pem_private_key((session.meta(KEY) or "").encode(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is no elliptic curve key")
    return signer


def _issue(
    session: Transaction,
    subject: x509.Name,
    usage: x509.ObjectIdentifier,
    days: float,
    alternatives: x509.SubjectAlternativeName | None,
) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(session, subject, key.public_key(), usage, days, alternatives)
    return made, _pem(key)


def _signed(  # noqa: PLR0913, PLR0917 -- what a certificate says
    session: Transaction,
    subject: x509.Name,
    key: CertificatePublicKeyTypes,
    usage: x509.ObjectIdentifier,
    days: float,
    alternatives: x509.SubjectAlternativeName | None = None,
) -> str:
    authority = x509.load_pem_x509_certificate(authority_pem(session).encode())
    signer = _signer(session)
    now = REAL.wall()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    key_id = _key_id(authority)
    if key_id is not None:
        builder = builder.add_extension(key_id, critical=False)
    if alternatives is not None:
        builder = builder.add_extension(alternatives, critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_authority(session: Transaction, *, key_identifiers: bool = True) -> str:
    """Make the account's authority and return its certificate.

    Without ``key_identifiers``, as the published kubeconfigs of ACK of 2019 and 2020 have it,
    neither it nor what it issues carries a Subject or Authority Key Identifier. Today's: unknown.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ackgpu emulator")])
    now = REAL.wall()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    if key_identifiers:
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(own, critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    session.set_meta(CERTIFICATE, text)
    session.set_meta(KEY, _pem(key))
    return text


def _key_id(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier | None:
    try:
        identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return None
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()

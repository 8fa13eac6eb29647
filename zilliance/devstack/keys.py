"""Secrets of one home, made at its first start: passwords, signing keys, certificates inside the S3 store."""

import datetime
import json
import secrets
from dataclasses import asdict, dataclass, fields

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from zilliance.devstack.home import Home, read_json, write_private

CERTIFICATE_YEARS = 30  # they never leave the home and guard loopback only


@dataclass(frozen=True, slots=True)
class Keys:
    """All secrets of a home, as kept in `secrets.json`."""

    database_secret: str
    database_admin_password: str
    jwt_secret: str
    secrets_key: str
    signing_key: str
    s3_access_key: str
    s3_secret_key: str
    s3_internal_secret: str
    s3_authority: str
    s3_certificate: str
    s3_certificate_key: str
    temporal_http_host: str


def load_keys(home: Home) -> Keys:
    """The home's secrets; missing ones are made and kept."""
    kept = read_json(home.secrets_file)
    names = {each.name for each in fields(Keys)}
    if names <= kept.keys():
        return Keys(**{name: kept[name] for name in names})
    keys = Keys(**{**asdict(_make()), **{name: kept[name] for name in names & kept.keys()}})
    write_private(home.secrets_file, json.dumps(asdict(keys), indent=2) + "\n")
    return keys


def _make() -> Keys:
    authority = generate_private_key(SECP256R1())
    member = generate_private_key(SECP256R1())
    return Keys(
        database_secret=secrets.token_urlsafe(48),
        database_admin_password=secrets.token_urlsafe(24),
        jwt_secret=secrets.token_urlsafe(48),
        secrets_key=secrets.token_urlsafe(48),
        signing_key=_private_pem(generate_private_key(SECP256R1())),
        s3_access_key=secrets.token_hex(10).upper(),
        s3_secret_key=secrets.token_urlsafe(30),
        s3_internal_secret=secrets.token_urlsafe(48),
        s3_authority=_certificate(authority, issuer="zilliance s3", signer=authority),
        s3_certificate=_certificate(member, issuer="zilliance s3", signer=authority),
        s3_certificate_key=_private_pem(member),
        temporal_http_host=f"{secrets.token_hex(24)}.invalid",
    )


def _certificate(owner: EllipticCurvePrivateKey, *, issuer: str, signer: EllipticCurvePrivateKey) -> str:
    """A certificate for localhost; self-signed when owner and signer are one, and then an authority."""
    is_authority = owner is signer
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(issuer if is_authority else "localhost"))
        .issuer_name(_name(issuer))
        .public_key(owner.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365 * CERTIFICATE_YEARS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    )
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _private_pem(key: EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

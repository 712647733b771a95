"""Certificates to try Modbus/TCP Security with: an authority, a device, and a client of each role the devices know.

For loopback and test benches only: the authority's key is thrown away, so nobody can sign with it later.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hardware.modbus.tls import ROLE_OID
from hardware.virtual.security import DEVICE, MONITOR_ROLE, OPERATOR_ROLE

CA = "ca"
CLIENTS: Mapping[str, str | None] = {"operator": OPERATOR_ROLE, "monitor": MONITOR_ROLE}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EARLIER = dt.timedelta(minutes=5)  # a device's clock may be a little behind
_LONGEST_SHORT_LENGTH = 127  # bytes that ASN.1 counts in one byte


class CannotMake(OSError):
    """The certificates cannot be written; the message is the sentence to show."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs certificates until it is forgotten."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


def make_certificates(
    folder: Path, begins: dt.datetime, ends: dt.datetime, hosts: Sequence[str] = LOOPBACK
) -> tuple[Path, ...]:
    """Writes ca.pem, device.pem and a client for each role, with their keys; all or nothing. Raises CannotMake."""
    authority = make_authority("Test authority", begins, ends)
    pairs = {DEVICE: sign_device(authority, hosts, begins, ends)}
    pairs |= {name: sign_client(authority, name, role, begins, ends) for name, role in CLIENTS.items()}
    files = {f"{CA}.pem": as_pem(authority.certificate)}
    for name, pair in pairs.items():
        files |= {f"{name}.pem": pair.certificate, f"{name}.key": pair.key}
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise CannotMake(f"{folder} holds {there[0]} already; name another folder, or take the old ones away.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _write(folder / name, content, secret=name.endswith(".key"))
    except OSError as error:
        for name in files:
            (folder / name).unlink(missing_ok=True)
        raise CannotMake(f"The certificates cannot be written to {folder}: {error.strerror}.") from error
    return tuple(folder / name for name in files)


def make_authority(name: str, begins: dt.datetime, ends: dt.datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, _named(name), key.public_key(), begins, ends)
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def sign_device(authority: Authority, hosts: Sequence[str], begins: dt.datetime, ends: dt.datetime) -> Pair:
    """A device that answers under these names or addresses."""
    names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
    return _signed(authority, "Virtual device", begins, ends, ExtendedKeyUsageOID.SERVER_AUTH, names)


def sign_client(authority: Authority, name: str, role: str | None, begins: dt.datetime, ends: dt.datetime) -> Pair:
    """A client with a role, or with none."""
    extension = None
    if role is not None:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(ROLE_OID), _utf8_string(role))
    return _signed(authority, name, begins, ends, ExtendedKeyUsageOID.CLIENT_AUTH, extension)


def as_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _signed(
    authority: Authority,
    name: str,
    begins: dt.datetime,
    ends: dt.datetime,
    purpose: x509.ObjectIdentifier,
    extension: x509.ExtensionType | None,
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, authority.certificate.subject, key.public_key(), begins, ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Pair(as_pem(builder.sign(authority.key, hashes.SHA256())), private)


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begins: dt.datetime, ends: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - _EARLIER)
        .not_valid_after(ends)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _utf8_string(text: str) -> bytes:
    """ASN.1 UTF8String. Raises ValueError for a role too long for one byte of length."""
    raw = text.encode("utf-8")
    if len(raw) > _LONGEST_SHORT_LENGTH:
        raise ValueError("a role takes at most 127 bytes")
    return bytes([0x0C, len(raw)]) + raw


def _write(path: Path, content: bytes, secret: bool) -> None:
    """A key is readable by its owner alone from its first byte on, where the system knows of owners."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600 if secret else 0o644), "wb") as file:
        file.write(content)

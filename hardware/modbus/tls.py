"""Modbus/TCP Security on our side: certificates read and judged, and every way TLS fails as a sentence.

Both sides show a certificate. Ours carries a role in an extension of its own; the device decides by it what we may do.
Source: MODBUS/TCP Security Protocol Specification 36 (MB-TCP-Security-v21), sections 5 to 8.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from hardware.link_address import LinkAddress

ROLE_OID = "1.3.6.1.4.1.50316.802.1"
_UTF8_STRING = 0x0C  # ASN.1 tag
_LONG_LENGTH = 0x80

_EXPIRED, _NOT_YET = 10, 9  # X509_V_ERR_*, as the ssl module hands them over
_OTHER_HOST = (62, 64)
_UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)
_THEIR_ALERTS = {
    "ALERT_UNKNOWN_CA": "the device does not know the authority that signed our certificate {own}",
    "ALERT_CERTIFICATE_EXPIRED": "the device says that our certificate {own} has expired",
    "ALERT_CERTIFICATE_REQUIRED": "the device asks for our certificate, and the link names none; add ?cert=FILE",
    "ALERT_HANDSHAKE_FAILURE": "the device ended the TLS handshake; it may ask for a certificate that we do not show",
    "ALERT_PROTOCOL_VERSION": "the device and this console have no version of TLS in common (1.2 or newer is needed)",
    "UNSUPPORTED_PROTOCOL": "the device only speaks a version of TLS older than 1.2",
    "WRONG_VERSION_NUMBER": "what answers there does not speak TLS; it may be a tcp:// link",
    "ALERT_": "the device refuses our certificate {own} ({why})",
}


class BadCertificate(Exception):
    """A file of a tls link that cannot be used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class CertificateFault:
    """What is wrong with a file of a link, known without asking the device."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}."


def client_context(address: LinkAddress) -> ssl.SSLContext:
    """TLS 1.2 or newer, the device's chain and host name checked, our own certificate shown. Raises BadCertificate."""
    faults = certificate_faults(address, dt.datetime.now(dt.UTC))
    if faults:
        raise BadCertificate(str(faults[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.ca_file:
        context.load_verify_locations(address.ca_file)
    else:
        context.load_default_certs()
    if address.cert_file:
        context.load_cert_chain(address.cert_file, address.key_file or None, password=_no_password)
    return context


def certificate_faults(address: LinkAddress, now: dt.datetime) -> list[CertificateFault]:
    """Every file of a tls link that cannot be read, is past its time or does not fit the others; empty elsewhere."""
    if address.kind != "tls":
        return []
    faults: list[CertificateFault] = []
    if address.ca_file:
        faults += _judged(address.ca_file, "the CA file", now)
    if not address.cert_file:
        return faults
    own = _judged(address.cert_file, "our certificate", now)
    faults += own
    key_file = address.key_file or address.cert_file
    if unreadable := _unreadable(key_file, "the key"):
        return [*faults, unreadable]
    # Nothing is said of a pair whose certificate cannot even be read.
    return faults if own else faults + _pair_faults(address.cert_file, key_file)


def role_of(certificate: bytes) -> str | None:
    """The role in a certificate (DER); None where it names none. Raises ValueError for what is no certificate."""
    from cryptography import x509

    loaded = x509.load_der_x509_certificate(certificate)
    try:
        extension = loaded.extensions.get_extension_for_oid(x509.ObjectIdentifier(ROLE_OID)).value
    except x509.ExtensionNotFound:
        return None
    return _utf8_string(extension.public_bytes())


def role_note(address: LinkAddress) -> str:
    """Who we are to the device, for a sentence about what it does not let us do; empty without a certificate."""
    if not address.cert_file:
        return "without a certificate"
    try:
        role = role_of(ssl.PEM_cert_to_DER_cert(_first_certificate(Path(address.cert_file).read_text("ascii"))))
    except (OSError, ValueError):
        return ""
    named = f"to the role {role}" if role else "to a certificate without a role"
    return f"{named} ({Path(address.cert_file).name})"


def tls_sentence(error: ssl.SSLError | ConnectionError, address: LinkAddress, opened: bool) -> str:
    """Why TLS failed, seen from either side. `opened`: it was open, and nothing had been answered yet."""
    own = Path(address.cert_file).name if address.cert_file else "(none)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _verification_sentence(error, address)
    if not isinstance(error, ssl.SSLError) or error.reason == "UNEXPECTED_EOF_WHILE_READING":
        if opened and not address.cert_file:
            return "the device hung up as soon as TLS was open; it may ask for our certificate, so add ?cert=FILE"
        if opened:
            return f"the device hung up as soon as TLS was open; it seems to refuse our certificate {own}"
        return "the device hung up before TLS was open; it may speak no TLS, or only a version older than 1.2"
    reason = error.reason or ""
    for part, sentence in _THEIR_ALERTS.items():
        if part in reason:
            return sentence.format(own=own, why=reason.partition("ALERT_")[2].replace("_", " ").lower())
    return f"TLS fails ({reason.replace('_', ' ').lower() or error})"


def _verification_sentence(error: ssl.SSLCertVerificationError, address: LinkAddress) -> str:
    if error.verify_code == _EXPIRED:
        return "the device's certificate has expired"
    if error.verify_code == _NOT_YET:
        return "the device's certificate is not valid yet; look at the clock of this computer"
    if error.verify_code in _OTHER_HOST:
        return f"the device's certificate is for another host than {address.host_name or address.host}"
    if error.verify_code in _UNKNOWN_AUTHORITY:
        known = f"in {Path(address.ca_file).name}" if address.ca_file else "that this system trusts"
        return f"the device's certificate is not signed by an authority {known}"
    return f"the device's certificate is refused ({error.verify_message})"


def _judged(file: str, thing: str, now: dt.datetime) -> list[CertificateFault]:
    unreadable = _unreadable(file, thing)
    if unreadable:
        return [unreadable]
    try:
        certificates = _certificates(Path(file))
    except ValueError:
        return [CertificateFault(f"{thing} {file} holds no certificate", "give a PEM file (BEGIN CERTIFICATE)")]
    return [fault for certificate in certificates if (fault := _out_of_time(certificate, file, thing, now))]


def _unreadable(file: str, thing: str) -> CertificateFault | None:
    try:
        with Path(file).open("rb"):
            return None
    except OSError as error:
        return CertificateFault(f"{thing} {file} cannot be read ({error.strerror})", "put it there, or name another")


def _certificates(path: Path) -> list[Certificate]:
    from cryptography import x509

    return x509.load_pem_x509_certificates(path.read_bytes())


def _out_of_time(certificate: Certificate, file: str, thing: str, now: dt.datetime) -> CertificateFault | None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        return CertificateFault(f"{thing} {file} has expired ({ends:%Y-%m-%d %H:%M} UTC)", "have it renewed")
    if now < begins:
        remedy = "look at the clock of this computer"
        return CertificateFault(f"{thing} {file} is not valid before {begins:%Y-%m-%d %H:%M} UTC", remedy)
    return None


def _pair_faults(cert_file: str, key_file: str) -> list[CertificateFault]:
    """Loads the pair as TLS will, so that nothing is believed that TLS does not take."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(cert_file, key_file, password=_no_password)
    except _NeedsPassword:
        return [
            CertificateFault(f"the key {key_file} needs a password", "give one without, readable by this user only")
        ]
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            remedy = "name the key that was made with it"
            return [CertificateFault(f"the key {key_file} does not belong to our certificate {cert_file}", remedy)]
        return [CertificateFault(f"the key {key_file} cannot be used", "give a PEM file (BEGIN PRIVATE KEY)")]
    return []


class _NeedsPassword(Exception):
    pass


def _refuse() -> str:
    raise _NeedsPassword


# OpenSSL would ask for it on the terminal and wait there for ever.
_no_password: Callable[[], str] = _refuse


def _first_certificate(text: str) -> str:
    """The first PEM certificate of a file that may hold a key and a chain too. Raises ValueError."""
    begin, end = text.index("-----BEGIN CERTIFICATE-----"), text.index("-----END CERTIFICATE-----")
    return text[begin:end] + "-----END CERTIFICATE-----\n"


def _utf8_string(der: bytes) -> str | None:
    """The text of an ASN.1 UTF8String, None where it is none."""
    if len(der) < 2 or der[0] != _UTF8_STRING:
        return None
    length, begin = der[1], 2
    if length & _LONG_LENGTH:
        count = length & ~_LONG_LENGTH
        length, begin = int.from_bytes(der[2 : 2 + count], "big"), 2 + count
    if len(der) != begin + length:
        return None
    try:
        return der[begin:].decode("utf-8")
    except UnicodeDecodeError:
        return None

"""Modbus/TCP Security on the device's side: TLS with the client's certificate asked for, and what its role may do.

Source: MODBUS/TCP Security Protocol Specification 36 (MB-TCP-Security-v21), section 8: a request that the role does
not allow is answered with exception 01.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from hardware.field import LinkSpec
from hardware.link_address import address_of
from hardware.virtual.listeners import CannotServe

DEVICE = "device"  # the files that a virtual device shows: device.pem and device.key
OPERATOR_ROLE, MONITOR_ROLE = "Operator", "Monitor"

_READING = frozenset({1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43})
ALL_FUNCTIONS = frozenset(range(256))
MAY = {OPERATOR_ROLE: ALL_FUNCTIONS, MONITOR_ROLE: _READING}


def functions_allowed(client: ssl.SSLObject | None) -> frozenset[int]:
    """Function codes that whoever connected may use. `client` None: a link without TLS, where nobody is asked."""
    if client is None:
        return ALL_FUNCTIONS
    from hardware.modbus.tls import role_of

    certificate = client.getpeercert(binary_form=True)
    role = role_of(certificate) if certificate else None
    return MAY.get(role or "", frozenset())


def server_context(link: LinkSpec) -> ssl.SSLContext:
    """TLS 1.2 or newer with the device's test certificate, which lies beside the CA file that the link names.

    Raises CannotServe.
    """
    ca_file = address_of(link).ca_file
    folder = Path(ca_file).parent
    if not ca_file or not (folder / f"{DEVICE}.pem").exists():
        raise CannotServe(
            f"Link {link.id} is a tls:// link, and there is no {DEVICE}.pem beside its CA file to play the device "
            f"with; make test certificates with: main.py certificates {folder}"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(folder / f"{DEVICE}.pem", folder / f"{DEVICE}.key")
        context.load_verify_locations(ca_file)
    except OSError as error:
        raise CannotServe(
            f"Link {link.id}: the test certificates in {folder} cannot be used ({error}); make new ones in another "
            "folder with: main.py certificates FOLDER"
        ) from error
    return context

"""Why a serial port cannot be opened, as a sentence."""

from __future__ import annotations

import errno
import importlib
import importlib.util

# A port that is no serial line fails with termios' own error, which is no OSError and is not there on Windows.
_TERMIOS = importlib.import_module("termios") if importlib.util.find_spec("termios") else None
CANNOT_OPEN: tuple[type[Exception], ...] = (OSError, UnicodeError, ValueError)
if _TERMIOS is not None:
    CANNOT_OPEN += (_TERMIOS.error,)


def serial_sentence(error: Exception, port: str) -> str:
    """`error` is what pyserial raised when it opened `port`; the systems name the same thing in several ways."""
    number, text = getattr(error, "errno", None), str(error)
    if number == errno.ENOENT or "FileNotFoundError" in text:
        return f"serial port {port} is not there; is it plugged in?"
    if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in text or "PermissionError" in text:
        # Windows lets one program have a port and calls everybody else's try a lack of permission.
        return f"serial port {port} is in use by another program"
    if number in (errno.EACCES, errno.EPERM):
        return f"serial port {port} may not be opened by this user; have the user added to the group that owns it"
    if _TERMIOS is not None and isinstance(error, _TERMIOS.error) and error.args[0] == errno.EINVAL:
        return f"serial port {port} does not take this speed, parity or number of stop bits"
    if "configure port" in text or not isinstance(error, OSError):
        return f"{port} is no serial port"
    return f"serial port {port} cannot be opened ({getattr(error, 'strerror', None) or text or 'unknown reason'})"

"""Everything that can go wrong on the wire, as one family; the rest of the code knows no error of pymodbus."""

from __future__ import annotations

from hardware.points import Reason

# Modbus Application Protocol 1.1b3, section 7; 7 and 9 are of older devices and of makers.
EXCEPTION_NAMES = {
    1: "function not allowed",
    2: "no such register",
    3: "value not accepted",
    4: "device failure",
    5: "accepted, still working",
    6: "device busy",
    7: "not carried out",
    8: "memory parity error",
    9: "no meaning in the standard",
    10: "gateway has no path",
    11: "no answer behind the gateway",
}


class FieldError(Exception):
    """One request failed. `reason` and `detail` are what a reading's status holds; `text` is for a person."""

    def __init__(self, reason: Reason, text: str, detail: int = 0) -> None:
        super().__init__(text)
        self.reason = reason
        self.detail = detail
        self.text = text


_NOT_ALLOWED = 1


def exception_answer(code: int, role_note: str = "") -> FieldError:
    """`role_note`: who we are to a device that asks, since its "not allowed" may be meant for us alone."""
    name = EXCEPTION_NAMES.get(code, "unknown code")
    if role_note and code == _NOT_ALLOWED:
        name += f" at all, or not {role_note}"
    return FieldError(Reason.EXCEPTION, f"answered with exception {code} ({name})", code)


def wrong_answer(text: str) -> FieldError:
    return FieldError(Reason.WRONG_ANSWER, text)

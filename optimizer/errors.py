"""What is wrong with a problem: one error a kind of fault, each a sentence that names the thing and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class ProblemError(ValueError):
    """A problem that cannot be planned as it is written."""


class NotANumber(ProblemError):
    def __init__(self, where: str, value: object) -> None:
        super().__init__(f"{where} is {value}, which is not a finite number: give a figure there.")


class OutOfRange(ProblemError):
    def __init__(self, where: str, value: float, low: float, high: float) -> None:
        # a bound that is only there to catch another unit says nothing to who gave too little
        wanted = f"at least {low:g}" if high >= 1e5 and value < low else f"between {low:g} and {high:g}"
        super().__init__(f"{where} is {value:g} but must be {wanted}: {_advice(where, value, high)}.")


_UNITS = (  # how the name of a figure ends, and what is often written there by mistake
    ("eur_per_kwh", "give EUR a kWh, not ct and not EUR a MWh"),
    ("kg_per_kwh", "give kg a kWh, not g"),
    ("eur_per_t", "give EUR a tonne"),
    ("efficiency", "give a share, not %"),
    ("share", "give a share, not %"),
    ("cop", "give kWh of heat a kWh of power, not %"),
    ("kw", "give kW, not W"),
    ("kwh", "give kWh, not Wh"),
    ("hours", "give hours, not minutes"),
)
_LEVELS = ("wanted", "floor", "ceiling", "fixed", "ramp", "level_before", "dimmer_levels")


def _advice(where: str, value: float, high: float) -> str:
    """What to do about a figure: where it is too high, it may be in another unit."""
    name = where.split(" ", 1)[0].rpartition(".")[2] if "hours" not in where else "hours"
    if value > high and name in _LEVELS:
        return "give a share of full light, not %"
    if value > high:
        return next((advice for unit, advice in _UNITS if name.endswith(unit)), "correct it")
    return "correct it"


class WrongOrder(ProblemError):
    """Two figures of one thing that contradict each other, such as a floor above its ceiling."""

    def __init__(self, thing: str, what: str, advice: str) -> None:
        super().__init__(f"{thing}: {what}; {advice}.")


class WrongLength(ProblemError):
    def __init__(self, where: str, got: int, steps: int) -> None:
        super().__init__(
            f"{where} has {got} values but the horizon has {steps} steps: give one number, or one for each step."
        )


class DuplicateId(ProblemError):
    def __init__(self, id: str) -> None:
        super().__init__(f"The id {id} is used twice: give every node and asset an id of its own.")


class UnknownNode(ProblemError):
    def __init__(self, thing: str, node: str, known: Iterable[str]) -> None:
        super().__init__(f"{thing} is on node {node}, which is not in the grid tree{did_you_mean(node, known)}")


class UnknownAsset(ProblemError):
    def __init__(self, thing: str, asset: str, known: Iterable[str]) -> None:
        super().__init__(f"{thing} names {asset}, which is not there{did_you_mean(asset, known)}")


class GridCycle(ProblemError):
    def __init__(self, nodes: Sequence[str]) -> None:
        super().__init__(
            f"The grid tree runs in a circle ({' > '.join(nodes)}): give one of these nodes another parent."
        )


class NotOneRoot(ProblemError):
    def __init__(self, roots: Sequence[str]) -> None:
        found = "none does" if not roots else f"{', '.join(roots)} do"
        super().__init__(f"Exactly one node must have no parent, the connection to the public grid; {found}.")


class TariffArbitrage(ProblemError):
    def __init__(self, step: int, import_eur: float, export_eur: float) -> None:
        super().__init__(
            f"In step {step} the tariff pays {export_eur:g} EUR/kWh for export and takes {import_eur:g} for import, "
            "so buying and selling at once would earn without end: export must not pay more than import costs."
        )


class BadDocument(ProblemError):
    """A file that is not a problem of the format and version this program reads."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, where one is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f": did you mean {near[0]}?" if near else ": add it or correct the name."

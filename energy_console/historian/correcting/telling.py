"""What a correction would change, as sentences and as a document."""

from __future__ import annotations

from typing import Any

import numpy as np

from energy_console.historian.correcting.book import Proposal
from hardware.points import Float64Array, UInt16Array, is_usable, quality_of, reason_of

SHOWN = 3


def told(proposal: Proposal) -> list[str]:
    """Lines for a person."""
    unit = proposal.point.unit
    return [
        f"{proposal.point.id}, {iso(proposal.start_ms)} to {iso(proposal.end_ms)}: {proposal.how}",
        f"  now:  {_figures(proposal.now.value, proposal.now.status, unit)}",
        f"  then: {_figures(proposal.then.value, proposal.then.status, unit)}{_marks(proposal.then.status)}",
        *_rows(proposal),
    ]


def _figures(value: Float64Array, status: UInt16Array, unit: str) -> str:
    good = value[is_usable(status) & ~np.isnan(value)]
    text = f"{len(value):,} readings, {len(good):,} usable"
    if not len(good):
        return text
    least, mean, greatest = (f"{number:.6g}" for number in (good.min(), good.mean(), good.max()))
    return f"{text}; {least} / {mean} / {greatest} {unit} (least, mean, greatest)"


def _marks(status: UInt16Array) -> str:
    words = {f"{quality_of(number).name.lower()}, {reason_of(number).name.lower()}" for number in np.unique(status)}
    return f"; {' or '.join(sorted(words))}"


def _rows(proposal: Proposal) -> list[str]:
    """The first few times, with what is seen now and then."""
    now = dict(zip((proposal.now.time_ns // 1_000_000).tolist(), proposal.now.value.tolist(), strict=True))
    then = dict(zip(proposal.then.time_ms.tolist(), proposal.then.value.tolist(), strict=True))
    times = sorted({*list(now)[:SHOWN], *list(then)[:SHOWN]})[:SHOWN]
    return [f"  | {iso(ms)} | {_value(now.get(ms))} -> {_value(then.get(ms))}" for ms in times]


def _value(value: float | None) -> str:
    return "nothing" if value is None else ("no value" if np.isnan(value) else f"{value:.6g}")


def document(proposal: Proposal) -> dict[str, Any]:
    """The same for a program; only plain values."""
    return {
        "point": proposal.point.id,
        "unit": proposal.point.unit,
        "from": iso(proposal.start_ms),
        "to": iso(proposal.end_ms),
        "how": proposal.how,
        "now": _counts(proposal.now.value, proposal.now.status),
        "then": _counts(proposal.then.value, proposal.then.status),
    }


def _counts(value: Float64Array, status: UInt16Array) -> dict[str, Any]:
    good = value[is_usable(status) & ~np.isnan(value)]
    ends = (float(good.min()), float(good.mean()), float(good.max())) if len(good) else (None, None, None)
    names = ("minimum", "mean", "maximum")
    return {"readings": len(value), "usable": len(good), **dict(zip(names, ends, strict=True))}


def iso(ms: int) -> str:
    """UTC, without a fraction where there is none."""
    return f"{np.datetime64(ms, 'ms') if ms % 1000 else np.datetime64(ms // 1000, 's')}Z"

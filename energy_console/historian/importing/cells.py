"""Cells as numbers: either decimal sign, groups of three digits, words for nothing, and what is no number at all."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hardware.points import BoolArray, Float64Array

EMPTY = {"", "-", "--", "---", "na", "n/a", "#n/a", "null", "none", "missing"}
NOT_A_NUMBER = {"nan", "-nan", "+nan", "1.#qnan", "1.#ind", "-1.#ind"}
INFINITE = {"inf", "+inf", "-inf", "infinity", "-infinity", "+infinity", "1.#inf", "-1.#inf", "∞", "-∞"}

_COMMA = re.compile(r"[+-]?(\d{1,3}([.\s]\d{3})+|\d+),\d+(e[+-]?\d+)?", re.IGNORECASE)
_DOT = re.compile(r"[+-]?(\d{1,3}([,\s]\d{3})+|\d*)\.\d+(e[+-]?\d+)?", re.IGNORECASE)
_SPACES = re.compile(r"(?<=\d)[\s\u00a0\u202f'’](?=\d{3})")
_GROUPS = {".": r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$", ",": r"^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Equally long: values (NaN where there is none), and why there is none. Exactly one of them holds for a cell."""

    value: Float64Array
    empty: BoolArray
    not_a_number: BoolArray
    infinite: BoolArray
    garbage: BoolArray


def decimal_sign(sample: pd.Series[str]) -> str:
    """What the cells say: a comma only where some cell cannot be meant otherwise and none speaks for the dot."""
    texts = sample.tolist()
    commas = sum(1 for text in texts if _COMMA.fullmatch(text))
    dots = sum(1 for text in texts if _DOT.fullmatch(text))
    return "," if commas > dots else "."


def is_numeric(sample: pd.Series[str], decimal: str) -> bool:
    """Whether most cells that say something are numbers; what is none is told by line later."""
    numbers = numbers_of(sample, decimal)
    said = len(sample) - int(numbers.empty.sum() + numbers.not_a_number.sum())
    return said > 0 and int(numbers.garbage.sum()) <= 0.3 * said


def numbers_of(cells: pd.Series[str] | pd.Series[float], decimal: str) -> Numbers:
    """Every cell as a number, or why it is none."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _typed(np.asarray(cells.astype("Float64").to_numpy(np.float64, na_value=np.nan), np.float64))
    text = cells.astype("string").fillna("").str.strip()
    value = _values(text, decimal)
    missing = np.isnan(value)
    word = text[missing].str.lower()
    marks = []
    for words in (EMPTY, NOT_A_NUMBER, INFINITE):
        mark = missing.copy()
        mark[missing] = word.isin(words).to_numpy(bool)
        marks.append(mark)
    marks[2] |= np.isinf(value)
    value[np.isinf(value)] = np.nan
    garbage = missing & ~(marks[0] | marks[1] | marks[2])
    return Numbers(value, marks[0], marks[1], marks[2], garbage)


def _typed(value: Float64Array) -> Numbers:
    infinite, missing = np.isinf(value), np.isnan(value)
    return Numbers(np.where(infinite, np.nan, value), missing, np.zeros_like(missing), infinite, np.zeros_like(missing))


def _values(text: pd.Series[str], decimal: str) -> Float64Array:
    """Plain numbers at once; only what is left is looked at for groups and spaces."""
    plain = text if decimal == "." else text.where(~text.str.contains(".", regex=False), "?").str.replace(",", ".")
    value = _parsed(plain)
    odd = np.flatnonzero(np.isnan(value))
    rest = text.iloc[odd]
    rest = rest[rest.str.contains(r"\d")]
    if len(rest):
        rest = rest.str.replace(_SPACES, "", regex=True).str.replace("−", "-")
        grouped = rest.str.match(_GROUPS[decimal])
        other = "," if decimal == "." else "."
        rest = rest.where(~grouped, rest.str.replace(other, ""))
        fits = ~rest.str.contains(other, regex=False)
        value[rest.index.to_numpy()] = _parsed(rest.str.replace(decimal, ".").where(fits, "?"))
    return value


def _parsed(text: pd.Series[str]) -> Float64Array:
    return np.array(pd.to_numeric(text.astype(object), errors="coerce"), np.float64)

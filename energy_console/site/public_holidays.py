"""Public holidays of a country or of a part of one, from the `holidays` package.

The package brings 300 modules, 30 MB and a second of work; it is asked once, in a process of its own, which then ends.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import functools
import logging
import multiprocessing
import re

FORM = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
YEARS = range(1990, 2060)

log = logging.getLogger(__name__)


class CountryNotKnown(ValueError):
    def __init__(self, country: str) -> None:
        super().__init__(
            f"The public holidays of {country} are not known: write a country as NL, or its part as DE-HH."
        )


@functools.lru_cache(maxsize=8)
def holidays_of(country: str) -> frozenset[dt.date]:
    """Of a country as ISO 3166 has it, with a part where it has one: NL, DE-HH. Blocks a second or two the first time.

    Raises CountryNotKnown.
    """
    if multiprocessing.current_process().daemon:  # must not have children
        found = _ask_package(country)
    else:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            found = pool.submit(_ask_package, country).result()
    if found is None:
        raise CountryNotKnown(country)
    return found


@functools.lru_cache(maxsize=8)
def holidays_or_none(country: str) -> frozenset[dt.date]:
    """As `holidays_of`; a country that is not known, or not named, has none, and that is told once."""
    if not country:
        return frozenset()
    try:
        return holidays_of(country)
    except (CountryNotKnown, concurrent.futures.BrokenExecutor, OSError) as error:
        log.warning("Forecasts take every day of the week for what it is: %s", error)
        return frozenset()


def _ask_package(country: str) -> frozenset[dt.date] | None:
    import holidays

    whole, _, part = country.partition("-")
    try:
        return frozenset(holidays.country_holidays(whole, subdiv=part or None, years=YEARS))
    except NotImplementedError:
        return None

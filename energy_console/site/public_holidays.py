"""Public holidays of a country or of a part of one, from the `holidays` package."""

from __future__ import annotations

import datetime as dt
import functools


def knows_country(country: str) -> bool:
    """Whether the holidays of a country are known: ISO 3166, with a part where it has one, as NL or DE-HH."""
    try:
        holidays_in(country, 2026)
    except NotImplementedError:
        return False
    return True


@functools.lru_cache(maxsize=64)
def holidays_in(country: str, year: int) -> frozenset[dt.date]:
    """Raises NotImplementedError for a country or part that is not known."""
    import holidays  # late: most starts need none of it

    whole, _, part = country.partition("-")
    return frozenset(holidays.country_holidays(whole, subdiv=part or None, years=year))

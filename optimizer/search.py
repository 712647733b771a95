"""The search over integers of a large problem, beginning with the linear program.

What the linear program leaves in halves is mostly little: a few ships where a cable is full. So first it is solved,
warm, for a bound; then the integers alone, with vehicles and light as it has them; then everything else again for these
integers. Where that is near enough to the bound the search is over. Else HiGHS searches the whole from there, if it is
not too large for that. The integers of the plan before are tried first: near enough, a plan does not flap.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.arrays import Matrix
from optimizer.highs import PROVED_GAP, End, HighsSession, Solution
from optimizer.profile import FloatArray, IntArray
from optimizer.progress import Progress
from optimizer.terms import Terms

WHOLE_COLUMNS = 60_000  # up to which HiGHS searches the whole; above, one cut at its root takes minutes
MOST_NODES = 50  # of the search without the held columns; it only has to find, not to prove
_WHOLE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Searched:
    """What the search found, and the same with duals: the linear program left once the integers are fixed."""

    solution: Solution
    priced: Solution | None


def linear(matrix: Matrix) -> Matrix:
    """The matrix with its integers left free to be anything between their bounds."""
    return dataclasses.replace(matrix, integer=np.zeros_like(matrix.integer))


def fix_integers(matrix: Matrix, values: FloatArray) -> Matrix:
    """The linear program left when every integer is what the values have."""
    whole = np.clip(np.round(values), matrix.lower, matrix.upper)
    return dataclasses.replace(
        linear(matrix),
        lower=np.where(matrix.integer, whole, matrix.lower),
        upper=np.where(matrix.integer, whole, matrix.upper),
    )


class IntegerSearch:
    """Searches one problem after the other, each as warm as it can."""

    def __init__(self, session: HighsSession) -> None:
        self._session = session
        self._last: tuple[Matrix, FloatArray] | None = None

    def search(self, matrix: Matrix, held: IntArray, terms: Terms) -> Searched:
        """The best found for a matrix with integers; `held`: columns that the integers are first searched without."""
        relaxed = terms.solve(self._session, linear(matrix))
        if relaxed.end is not End.OPTIMAL or relaxed.values is None:
            return Searched(dataclasses.replace(relaxed, values=None, row_duals=None, reduced_costs=None), None)
        best: Solution | None = None
        for guess in self._guesses(matrix, held, terms, relaxed):
            fixed = terms.solve(self._session, fix_integers(matrix, guess))
            if fixed.end is End.OPTIMAL and (best is None or fixed.objective < best.objective):
                best = fixed
            if terms.over or (best is not None and _gap(best, relaxed.objective) <= max(terms.gap, PROVED_GAP)):
                break
        else:
            if best is None or matrix.columns <= WHOLE_COLUMNS:
                return self._search_whole(matrix, terms, relaxed, best)
        return self._kept(matrix, _told(best, relaxed, terms), best)

    def _guesses(self, matrix: Matrix, held: IntArray, terms: Terms, relaxed: Solution) -> Iterator[FloatArray]:
        """Values whose integers are worth a try, the cheapest to find first."""
        assert relaxed.values is not None
        inside = relaxed.values[matrix.integer]
        if np.abs(inside - np.round(inside)).max(initial=0.0) <= _WHOLE:
            yield relaxed.values
        if self._last is not None and self._last[0].same_rules(matrix):
            yield self._last[1]
        lower, upper = matrix.lower.copy(), matrix.upper.copy()
        lower[held] = upper[held] = np.clip(relaxed.values[held], lower[held], upper[held])
        known = Progress(0.0, bound_eur=relaxed.objective)
        alone = dataclasses.replace(matrix, lower=lower, upper=upper)
        found = terms.solve(HighsSession(), alone, most_nodes=MOST_NODES, known=known)
        if found.values is not None:
            yield found.values

    def _search_whole(self, matrix: Matrix, terms: Terms, relaxed: Solution, best: Solution | None) -> Searched:
        found = terms.solve(HighsSession(), matrix, start=None if best is None else best.values)
        if found.values is None:
            ended_well = found.end in (End.TIME_LIMIT, End.FAILED) and best is not None
            return self._kept(matrix, _told(best, relaxed, terms), best) if ended_well else Searched(found, None)
        bound = max(relaxed.objective, -np.inf if found.bound is None else found.bound)
        fixed = terms.solve(self._session, fix_integers(matrix, found.values))
        return self._kept(matrix, dataclasses.replace(found, bound=bound), fixed if fixed.end is End.OPTIMAL else None)

    def _kept(self, matrix: Matrix, solution: Solution, priced: Solution | None) -> Searched:
        if solution.values is not None:
            self._last = (matrix, solution.values)
        return Searched(solution, priced)


def _gap(best: Solution, bound: float) -> float:
    return max(best.objective - bound, 0.0) / max(abs(best.objective), 1e-9)


def _told(best: Solution | None, relaxed: Solution, terms: Terms) -> Solution:
    """The best found as an answer of the whole: how it ended, and its bound."""
    stopped = End.CANCELLED if terms.cancelled else End.TIME_LIMIT
    if best is None or terms.cancelled:
        return dataclasses.replace(relaxed, end=stopped, values=None, row_duals=None, reduced_costs=None)
    gap = _gap(best, relaxed.objective)
    if gap <= PROVED_GAP:
        end, words = End.OPTIMAL, "optimal: as cheap as the linear program"
    elif gap > terms.gap and terms.over:
        end, words = End.TIME_LIMIT, stopped.value
    else:
        near = gap <= terms.gap
        end, words = End.FEASIBLE, f"{'at the gap asked for' if near else 'too large to search further'}, by its bound"
    return dataclasses.replace(best, end=end, bound=relaxed.objective, warm=relaxed.warm, words=words)

"""Many problems at once: one problem, varied in some of its figures, every combination solved from nothing.

A study is a document: a problem, and what to vary in it. Each combination is a case, known by a key that its problem
and terms give. So results that are kept can be told again, and a sweep that was ended goes on where it was: the cases
whose key is known are not solved again. Who solves is a `Workers`: processes of this machine, or a cluster.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from optimizer.check import PlanBroken
from optimizer.document import PROBLEM_FORMAT, VERSION, read_problem
from optimizer.errors import BadDocument, ProblemError
from optimizer.plan import Infeasible, Plan
from optimizer.solve import DEFAULT_GAP, solve

STUDY_FORMAT = "plan-sweep"
STUDY_VERSION = 1
MOST_CASES = 100_000


class Axis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure of the problem and what becomes of it: other values, or its own times or plus so much."""

    path: str  # fields with dots; a part of a list by its id, or * for all of them
    values: tuple[Any, ...] = ()
    times: tuple[float, ...] = ()
    plus: tuple[float, ...] = ()
    name: str = ""

    @property
    def changes(self) -> list[tuple[str, Callable[[Any], Any]]]:
        """Each change in words, and what it does."""
        title = self.name or self.path
        return [
            *((f"{title} = {_short(value)}", lambda _, value=value: value) for value in self.values),
            *((f"{title} x {by:g}", lambda old, by=by: _each(old, lambda x: x * by)) for by in self.times),
            *((f"{title} {by:+g}", lambda old, by=by: _each(old, lambda x: x + by)) for by in self.plus),
        ]


class Study(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A problem (its body, as in a problem document) and the axes along which it is varied."""

    format: str
    version: int
    problem: dict[str, Any]
    vary: tuple[Axis, ...]
    gap: float = DEFAULT_GAP
    time_limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One combination: its key, its changes in words, its problem document, and the terms it is solved on."""

    key: str
    changes: tuple[str, ...]
    document: bytes
    gap: float
    time_limit_s: float | None

    @property
    def name(self) -> str:
        return ", ".join(self.changes) or "as it is"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What a case came to; figures are None where there is no plan, and `sentence` says why."""

    status: str  # of a plan: optimal, feasible, time limit; else infeasible, unsolved, refused, lost
    sentence: str
    seconds: float = 0.0
    cost_eur: float | None = None
    gap: float | None = None
    naive_eur: float | None = None
    peak_kw: float | None = None
    energy_kwh: float | None = None
    carbon_kg: float | None = None
    shortfall_eur: float | None = None

    @property
    def has_plan(self) -> bool:
        return self.cost_eur is not None


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """How many cases are known, of how many; `kept` of them were known before this run."""

    done: int
    of: int
    kept: int
    without_plan: int


class Workers(Protocol):
    """Who solves cases. `solve` gives each as it is done, in any order, and may be left at any time."""

    def solve(self, cases: Sequence[Case], cancel: threading.Event) -> Iterator[tuple[Case, CaseResult]]:
        """Solves all cases, or until called off."""


class Kept(Protocol):
    """Where results outlive the sweep."""

    def known(self) -> Mapping[str, CaseResult]:
        """Results by the key of their case."""

    def keep(self, case: Case, result: CaseResult) -> None:
        """Keeps one for good before it returns."""


def read_study(text: bytes | str) -> Study:
    """Raises BadDocument in a sentence that says where in the document."""
    try:
        study = msgspec.json.decode(text, type=Study)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadDocument(f"The study cannot be read ({error}): correct it.") from error
    if study.format != STUDY_FORMAT:
        raise BadDocument(f'The document is not a study: it must have "format": "{STUDY_FORMAT}".')
    if study.version != STUDY_VERSION:
        raise BadDocument(f"The study has version {study.version}; this program reads {STUDY_VERSION}.")
    for axis in study.vary:
        if not axis.changes:
            raise BadDocument(f"The axis {axis.path} varies nothing: give values, times or plus.")
    return study


def cases_of(study: Study) -> tuple[Case, ...]:
    """Every combination of the axes, the last one varying fastest. Raises BadDocument for a path that leads nowhere."""
    count = 1
    for axis in study.vary:
        count *= len(axis.changes)
    if count > MOST_CASES:
        raise BadDocument(f"The study has {count:,} cases, more than {MOST_CASES:,}: vary less at once.")
    found = []
    for chosen in itertools.product(*(axis.changes for axis in study.vary)):
        problem = copy.deepcopy(study.problem)
        for axis, (_, change) in zip(study.vary, chosen, strict=True):
            _apply(problem, axis.path.split("."), change, axis.path)
        document = msgspec.json.encode(
            {"format": PROBLEM_FORMAT, "version": VERSION, "problem": problem}, order="deterministic"
        )
        terms = f"{study.gap!r} {study.time_limit_s!r}".encode()
        key = hashlib.sha256(document + terms).hexdigest()
        found.append(Case(key, tuple(words for words, _ in chosen), document, study.gap, study.time_limit_s))
    return tuple(found)


def sweep(
    cases: Sequence[Case],
    workers: Workers,
    kept: Kept,
    *,
    cancel: threading.Event | None = None,
    tell: Callable[[SweepProgress], None] = lambda progress: None,
) -> dict[str, CaseResult]:
    """Solves what is not known yet and keeps each result at once; gives all that are known, by key of their case."""
    cancel = cancel or threading.Event()
    wanted = {case.key: case for case in cases}
    results = {key: result for key, result in kept.known().items() if key in wanted}
    before = len(results)

    def progress() -> SweepProgress:
        return SweepProgress(len(results), len(wanted), before, sum(not one.has_plan for one in results.values()))

    tell(progress())
    left = [case for key, case in wanted.items() if key not in results]
    for case, result in workers.solve(left, cancel):
        kept.keep(case, result)
        results[case.key] = result
        tell(progress())
    return results


def solve_case(case: Case) -> CaseResult:
    """Solves one case from nothing; a document that is no problem is a result too."""
    try:
        problem = read_problem(case.document)
    except ProblemError as error:
        return CaseResult("refused", str(error))
    try:
        answer = solve(problem, gap=case.gap, time_limit_s=case.time_limit_s)
    except PlanBroken as error:
        return CaseResult("refused", f"The planner found a plan that breaks a rule, and gives none: {error}")
    match answer:
        case Plan():
            return _told(answer)
        case Infeasible():
            return CaseResult("infeasible", answer.sentence, answer.seconds)
        case _:
            return CaseResult("unsolved", answer.reason, answer.seconds)


def _told(plan: Plan) -> CaseResult:
    outcome = plan.outcome
    return CaseResult(
        status=plan.solved.status.value,
        sentence=plan.solved.stopped,
        seconds=plan.solved.seconds,
        cost_eur=plan.cost_eur,
        gap=plan.solved.gap,
        naive_eur=plan.naive.outcome.cost.total_eur if plan.naive.feasible else None,
        peak_kw=float(outcome.net_kw.max()),
        energy_kwh=outcome.energy_kwh,
        carbon_kg=outcome.carbon_kg,
        shortfall_eur=sum(one.eur for one in outcome.shortfalls),
    )


def _apply(at: Any, path: Sequence[str], change: Callable[[Any], Any], whole: str) -> None:
    """Changes what a path leads to, in place."""
    first, *rest = path
    if isinstance(at, list):
        parts = [
            part
            for part in at
            if first == "*" or (isinstance(part, dict) and part.get("id", part.get("name")) == first)
        ]
        if not parts or not rest:
            raise BadDocument(f"The path {whole} leads nowhere: there is no {first} with a field to vary.")
        for part in parts:
            _apply(part, rest, change, whole)
    elif not isinstance(at, dict):
        raise BadDocument(f"The path {whole} leads nowhere: {first} is not a field of a figure.")
    elif rest:
        if first not in at:
            raise BadDocument(f"The path {whole} leads nowhere: the problem has no {first}.")
        _apply(at[first], rest, change, whole)
    else:
        try:
            at[first] = change(at.get(first))
        except TypeError as error:
            raise BadDocument(f"The path {whole} holds no figures to multiply or add to: give values.") from error


def _each(old: Any, change: Callable[[float], float]) -> Any:
    """A figure, or each of a profile, changed. Raises TypeError for anything else."""
    if isinstance(old, list):
        return [_each(one, change) for one in old]
    if isinstance(old, bool) or not isinstance(old, int | float):
        raise TypeError(type(old).__name__)
    return change(float(old))


def _short(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 40 else f"{text[:37]}..."

"""Imports and corrections in both stores: what is seen over what was read, exactly, at every zoom, and taken back."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from energy_console.historian.acts import Act, ActKind, ActSeries, Mask
from energy_console.historian.correcting.book import CorrectionBook, entries, propose
from energy_console.historian.correcting.change import CorrectionRefused, Shift
from energy_console.historian.embedded.acts import add_act, take_back
from energy_console.historian.embedded.backup import back_up
from energy_console.historian.embedded.checking import check_store
from energy_console.historian.embedded.folder import StoreFolder
from energy_console.historian.embedded.newest import NewestFile
from energy_console.historian.interface import Historian
from hardware.points import Reason, status_of
from tests.historian.conftest import StoreOpener
from tests.historian.plain_spans import plain_spans
from tests.historian.series import POINTS, START_S, at, batch

POWER = POINTS[0].id
START_MS = START_S * 1000
CORRECTED = status_of(Reason.SUBSTITUTED, 1)
Kept = list[tuple[int, float, int]]  # ms, value, status


def act_series(rows: Kept, point: str = POWER) -> ActSeries:
    return ActSeries(
        point,
        "kW",
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], float),
        np.array([row[2] for row in rows], np.uint16),
    )


def correct(opener: StoreOpener, number: int, start_s: float, end_s: float, rows: list[tuple[float, float]]) -> Mask:
    """Puts rows (second, value) in place of what is from start to end."""
    mask = Mask(number, POWER, at(start_s) // 10**6, at(end_s) // 10**6)
    series = act_series([(at(second) // 10**6, value, CORRECTED) for second, value in rows])
    with opener.acts() as acts:
        assert acts.add(Act(ActKind.CORRECTION, number), [series], [mask]) == len(rows)
    return mask


def values(store: Historian, original: bool = False) -> list[float]:
    return store.read(POWER, 0, at(10**6), original).value.tolist()


def test_a_correction_is_seen_everywhere_and_what_was_read_stays_beneath(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, second, float(second)) for second in range(0, 100, 10)]))
    reader = open_store(False)
    assert values(reader) == values(store) == list(range(0, 100, 10))
    before = store.revision()
    correct(open_store, 1, 20, 50, [(20, -1.0), (30, -2.0), (45, -3.0)])
    for historian in (store, reader):  # one of them was open before: it sees it without being opened anew
        assert values(historian) == [0, 10, -1, -2, -3, 50, 60, 70, 80, 90]
        assert values(historian, original=True) == list(range(0, 100, 10))
        assert historian.revision() > before
        assert historian.as_of([POINTS[1].id, POWER], at(48), at(100) - at(0))[1].tolist()[1] == -3.0
        assert historian.buckets(POWER, at(0), at(100), 1).minimum.tolist() == [-3.0]
        spans = historian.spans(POWER, at(0), at(100), at(50) - at(0), True)
        assert spans.maximum.tolist() == [40.0, 90.0]
        assert historian.corrected(POWER) == [(1, at(20), at(50))]
        assert store.newest()[1][0] == 90.0
    assert store.read(POWER, at(20), at(50)).status.tolist() == [CORRECTED] * 3
    with open_store.acts() as acts:
        assert acts.take_back(Act(ActKind.CORRECTION, 1)) == 3
        assert acts.take_back(Act(ActKind.CORRECTION, 1)) == 0
        assert acts.last_number(ActKind.CORRECTION) in (0, 1)
    for historian in (store, reader):
        assert values(historian) == list(range(0, 100, 10))
        assert historian.corrected(POWER) == []


def test_a_later_correction_lies_over_an_earlier_one_until_it_is_taken_back(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, second, float(second)) for second in range(0, 60, 10)]))
    correct(open_store, 1, 10, 50, [(20, -1.0), (40, -1.0)])
    correct(open_store, 2, 30, 60, [(35, -2.0)])
    assert values(store) == [0, -1, -2]
    with open_store.acts() as acts:
        acts.take_back(Act(ActKind.CORRECTION, 2))
    assert values(store) == [0, -1, -1, 50]


def test_a_reading_that_comes_late_into_a_corrected_span_is_kept_and_not_seen(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0), (0, 100, 2.0)]))
    correct(open_store, 1, 0, 50, [(0, 7.0)])
    store.append(batch([(0, 25, 99.0)]))
    assert values(store) == [7.0, 2.0]
    assert values(store, original=True) == [1.0, 99.0, 2.0]
    assert store.spans(POWER, at(0), at(3600), at(3600) - at(0)).maximum.tolist() == [7.0]


def test_an_import_of_a_point_of_its_own_is_there_at_once_and_gone_at_once(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0)]))
    rows = [(START_MS + 1000 * second, float(second), 512) for second in range(0, 7200, 60)]
    with open_store.acts() as acts:
        assert acts.add(Act(ActKind.IMPORT, 1), [act_series(rows, "import.x/p_kw")]) == 120
    assert store.readings_of(Act(ActKind.IMPORT, 1)) == 120
    assert len(store.read("import.x/p_kw", 0, at(10**6)).value) == 120
    assert store.span("import.x/p_kw") == (at(0), at(7140))
    assert store.buckets("import.x/p_kw", at(0), at(7200), 1).count.sum() == 120
    assert store.as_of(["import.x/p_kw"], at(61), at(3600) - at(0))[1].tolist() == [60.0]
    with open_store.acts() as acts:
        assert acts.take_back(Act(ActKind.IMPORT, 1)) == 120
    assert store.readings_of(Act(ActKind.IMPORT, 1)) == 0
    assert store.span("import.x/p_kw") is None


@pytest.mark.parametrize("seed", [0, 1, 37, 53, 57])
def test_spans_over_corrections_are_what_their_definition_says(open_store: StoreOpener, seed: int) -> None:
    """Readings, imports, corrections over each other, some taken back, sealed in between: held against plain lists."""
    chance = random.Random(seed)
    store = open_store(True)
    store.register(POINTS)
    base: Kept = []
    masks: dict[int, tuple[Mask, Kept]] = {}
    numbers = 0
    free = chance.sample(range(0, 40_000, 7), 4000)
    for _ in range(14):
        match chance.choice(["read", "read", "seal", "correct", "correct", "take back", "import"]):
            case "read":
                rows = [(0, free.pop(), random_value(chance)) for _ in range(40)]
                rows.sort(key=lambda row: row[1])
                store.append(batch(rows))
                base += [(START_MS + row[1] * 1000, row[2], status(row[2])) for row in rows]
            case "seal":
                store.seal()  # type: ignore[attr-defined]
            case "correct":
                numbers += 1
                masks[numbers] = corrected(open_store, chance, numbers, base)
            case "take back" if masks:
                number = chance.choice([*masks])
                with open_store.acts() as acts:
                    acts.take_back(Act(ActKind.CORRECTION, number))
                del masks[number]
            case "import":
                numbers += 1
                imported = some_rows(chance, START_MS, START_MS + 40_000_000, 2)
                with open_store.acts() as acts:
                    acts.add(Act(ActKind.IMPORT, numbers), [act_series(imported)])
                base += imported
    kept = expected(base, masks)
    series = store.read(POWER, 0, at(10**6))
    found = [*zip((series.time_ns // 10**6).tolist(), map(str, series.value), series.status.tolist(), strict=True)]
    assert sorted(found) == sorted((ms, str(value), s) for ms, value, s in kept)
    for width_ms in (60_000, 300_000, 900_000, 3_600_000, 10_800_000, 86_400_000):
        start_ms = START_MS // 86_400_000 * 86_400_000
        check_spans(store, stable(kept), start_ms, start_ms + 2 * 86_400_000, width_ms)


def random_value(chance: random.Random) -> float:
    return math.nan if chance.random() < 0.1 else float(chance.randrange(100))


def status(value: float) -> int:
    return status_of(Reason.TIMEOUT) if math.isnan(value) else 0


def some_rows(chance: random.Random, start_ms: int, end_ms: int, reason: int) -> Kept:
    times = sorted({chance.randrange(start_ms, end_ms) for _ in range(chance.randrange(1, 30))})
    return [(ms, float(chance.randrange(1000)), reason << 8) for ms in times]


def corrected(opener: StoreOpener, chance: random.Random, number: int, base: Kept) -> tuple[Mask, Kept]:
    """Half of them keep the times of what was read, as one does that only shifts values."""
    start_ms = START_MS + chance.randrange(0, 30_000_000)
    mask = Mask(number, POWER, start_ms, start_ms + chance.choice([1, 30_000, 600_000, 7_200_000, 20_000_000]))
    times = {row[0] for row in base if mask.start_ms <= row[0] < mask.end_ms}
    rows = some_rows(chance, mask.start_ms, mask.end_ms, 2)
    if times and chance.random() < 0.5:
        rows = [(ms, float(chance.randrange(1000)), CORRECTED) for ms in sorted(times)]
    with opener.acts() as acts:
        acts.add(Act(ActKind.CORRECTION, number), [act_series(rows)], [mask])
    return mask, rows


def expected(base: Kept, masks: dict[int, tuple[Mask, Kept]]) -> Kept:
    kept = base
    for number in sorted(masks):
        mask, rows = masks[number]
        kept = [row for row in kept if not mask.start_ms <= row[0] < mask.end_ms] + rows
    return kept


def stable(kept: Kept) -> Kept:
    return sorted(kept, key=lambda row: row[0])


def check_spans(store: Historian, kept: Kept, start_ms: int, end_ms: int, width_ms: int) -> None:
    if len({row[0] for row in kept}) < len(kept):
        return  # of readings of one moment the order decides which one holds: the other tests' matter
    wanted = plain_spans(kept, start_ms, end_ms, width_ms)
    spans = store.spans(POWER, start_ms * 10**6, end_ms * 10**6, width_ms * 10**6)
    assert (spans.time_ns // 10**6).tolist() == sorted(wanted)
    for row, start in enumerate(sorted(wanted)):
        plain = wanted[start]
        assert (spans.count[row], spans.good_count[row]) == (plain.count, len(plain.values))
        assert spans.status[row] == plain.worst
        assert spans.integral_h[row] == pytest.approx(plain.integral_h, abs=1e-9)
        assert spans.minimum[row] == pytest.approx(min(plain.values, default=math.nan), nan_ok=True)
        assert spans.maximum[row] == pytest.approx(max(plain.values, default=math.nan), nan_ok=True)


def test_a_correction_by_the_book_is_told_and_taken_back_in_either_store(open_store: StoreOpener) -> None:
    store = open_store(True)
    store.register(POINTS)
    store.append(batch([(0, second, float(second)) for second in range(0, 100, 10)]))
    with open_store.acts() as acts:
        proposal = propose(acts.historian, POINTS[0], Shift(100.0), at(20), at(50))
        assert CorrectionBook(acts).write(proposal, "wrong transformer", "Ada") == 1
    assert values(store) == [0, 10, 120, 130, 140, 50, 60, 70, 80, 90]
    event = store.events(0, 2**62, ["correction"])[0]
    assert (event.source, event.data["who"]) == (POWER, "Ada")
    assert [(number, entry["state"]) for number, entry in entries(store)] == [(1, "holds")]
    with open_store.acts() as acts:
        assert CorrectionBook(acts).undo(1, "Bob") == 3
        with pytest.raises(CorrectionRefused, match="was taken back already"):
            CorrectionBook(acts).undo(1, "Bob")
    assert values(store) == list(range(0, 100, 10))
    assert [(number, entry["state"]) for number, entry in entries(store)] == [(1, "taken back")]


# -- what only a folder has -----------------------------------------------------------------------------------


def a_corrected_folder(tmp_path: Path) -> StoreOpener:
    opener = StoreOpener("", tmp_path)
    store = opener(True)
    store.register(POINTS)
    store.append(batch([(0, second, float(second)) for second in range(0, 100, 10)]))
    store.seal()  # type: ignore[attr-defined]
    correct(opener, 1, 20, 50, [(20, -1.0)])
    store.close()
    opener.opened.clear()
    return opener


def test_a_lost_list_of_files_is_made_anew_with_the_corrections_in_it(tmp_path: Path) -> None:
    opener = a_corrected_folder(tmp_path)
    for path in (tmp_path / "store").glob("newest.sqlite*"):
        path.unlink()
    store = opener(True)
    assert values(store) == [0, 10, -1, 50, 60, 70, 80, 90]
    assert values(store, original=True) == list(range(0, 100, 10))
    store.close()
    assert check_store(StoreFolder(tmp_path / "store")).faults == ()


def test_a_correction_that_no_longer_says_what_it_replaces_is_set_aside_whole(tmp_path: Path) -> None:
    opener = a_corrected_folder(tmp_path)
    for path in (tmp_path / "store").glob("newest.sqlite*"):
        path.unlink()
    (tmp_path / "store" / "corrections" / "spans" / "000001.csv").write_text("point,from\nhalf", "utf-8")
    store = opener(True)
    assert values(store) == list(range(0, 100, 10))
    assert any("Correction 1 was set aside" in notice for notice in store.notices())
    store.close()


def test_a_back_up_has_the_corrections_and_what_is_beneath(tmp_path: Path) -> None:
    a_corrected_folder(tmp_path)
    back_up(StoreFolder(tmp_path / "store"), StoreFolder(tmp_path / "copy" / "store"))
    assert check_store(StoreFolder(tmp_path / "copy" / "store")).faults == ()
    copy = StoreOpener("", tmp_path / "copy")(False)
    assert values(copy) == [0, 10, -1, 50, 60, 70, 80, 90]
    assert values(copy, original=True) == list(range(0, 100, 10))
    copy.close()


def test_check_store_finds_a_correction_without_its_spans(tmp_path: Path) -> None:
    a_corrected_folder(tmp_path)
    (tmp_path / "store" / "corrections" / "spans" / "000001.csv").unlink()
    assert any("spans" in fault for fault in check_store(StoreFolder(tmp_path / "store")).faults)


@pytest.mark.parametrize("where", ["named readings", "before listing", "after listing", "before unlisting"])
def test_a_crash_leaves_all_of_a_correction_or_nothing(tmp_path: Path, where: str) -> None:
    folder = StoreFolder(tmp_path / "store")
    opener = StoreOpener("", tmp_path)
    store = opener(True)
    store.register(POINTS)
    store.append(batch([(0, 0, 1.0), (0, 10, 2.0)]))
    store.close()
    newest = NewestFile(folder.newest, create=False)
    act, mask = Act(ActKind.CORRECTION, 1), Mask(1, POWER, at(0) // 10**6, at(5) // 10**6)

    class Gone(BaseException):
        pass

    def step(name: str) -> None:
        if name == where:
            raise Gone

    def in_and_out() -> None:
        add_act(folder, newest, act, [act_series([(at(0) // 10**6, -1.0, CORRECTED)])], [mask], step)
        take_back(folder, newest, act, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("energy_console.historian.embedded.acts._remove", lambda *_: None)
        with pytest.raises(Gone):
            in_and_out()
    newest.close()
    store = opener(True)
    assert values(store) == ([-1.0, 2.0] if where in ("after listing", "before unlisting") else [1.0, 2.0])
    store.close()
    report = check_store(folder)
    assert (report.faults, report.notes) == ((), ())

"""Readers of another process while one writes, seals and merges: nothing missing, nothing twice."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from energy_console.historian.embedded import open_embedded
from tests.historian.crash_script import END_NS
from tests.historian.series import POINTS, at, batch
from tests.historian.test_embedded_crash import script

WATCHED_S = 3.0


def test_a_reader_sees_an_unbroken_series_while_files_are_sealed_and_merged(tmp_path: Path) -> None:
    with script("go", str(tmp_path / "store")) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        reader = open_embedded(tmp_path / "store", writing=False)
        reader.register(POINTS)
        followed: list[int] = []
        sequence, files, seen = 0, set(), 0
        until = time.monotonic() + WATCHED_S
        while time.monotonic() < until:
            values = reader.read(POINTS[0].id, 0, END_NS).value
            assert np.array_equal(values, np.arange(len(values)))
            assert len(values) >= seen
            seen = len(values)
            sequence, batches = reader.since(sequence)
            followed += [int(batch.value[0]) for batch in batches]
            assert reader.newest()[1][0] >= seen - 1
            files |= {(file.first, file.last) for file in reader.sealed_files()}
        writer.kill()
        writer.stdout.read()
    assert followed == list(range(len(followed)))
    assert seen > 20
    assert len(files) > 4
    reader.close()


def test_a_window_across_the_border_of_sealed_and_newest_has_no_seam(tmp_path: Path) -> None:
    store = open_embedded(tmp_path / "store", writing=True)
    store.register(POINTS)
    whole = open_embedded(tmp_path / "whole", writing=True)
    whole.register(POINTS)
    for second in range(0, 7200, 10):
        for historian in (store, whole):
            historian.append(batch([(0, second, float(second % 977))]))
        if second == 3590:
            store.seal()
    for count in (7, 50, 700):
        one = store.buckets(POINTS[0].id, at(0), at(7200), count)
        other = whole.buckets(POINTS[0].id, at(0), at(7200), count)
        np.testing.assert_allclose(one.integral_h, other.integral_h, rtol=1e-12)
        np.testing.assert_array_equal(one.count, other.count)
        np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
    store.close()
    whole.close()

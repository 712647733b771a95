"""A recorded history played through a virtual site: where a point is recorded, the recording overrules the physics."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hardware.points import Float64Array
from hardware.virtual.fleet import Fleet

DAY_S, WEEK_S = 86_400.0, 7 * 86_400.0
COLUMNS = ("time", "point", "value")


class UnreadableRecording(Exception):
    """The file cannot be replayed; says why."""


class Recording:
    """Recorded points by device and quantity. A recording is repeated for ever, in step with the hour of the day
    (and the day of the week, where it is a week long or more), so that yesterday's file can be played today.
    """

    def __init__(self, times_s: dict[str, Float64Array], values: dict[str, Float64Array]) -> None:
        self._series: dict[str, dict[str, tuple[Float64Array, Float64Array]]] = {}
        for point, when in times_s.items():
            device, _, quantity = point.partition("/")
            self._series.setdefault(device, {})[quantity] = (when, values[point])
        self.points = tuple(times_s)
        self.start_s = min((float(when[0]) for when in times_s.values()), default=0.0)
        end_s = max((float(when[-1]) for when in times_s.values()), default=0.0)
        self.length_s = _whole_period(end_s - self.start_s)

    def apply(self, fleet: Fleet, time_s: float) -> None:
        """Puts the recorded values of `time_s` into the fleet's columns; before the first of a point, its last."""
        at = self.start_s + (time_s - self.start_s) % self.length_s
        for device, row in fleet.rows.items():
            for quantity, (when, values) in self._series.get(device, {}).items():
                if quantity in fleet.columns:
                    column = fleet.columns[quantity].copy()
                    column[row] = values[int(np.searchsorted(when, at, side="right")) - 1]
                    fleet.columns[quantity] = column


def read_recording(path: Path) -> Recording:
    """Reads CSV or Parquet with columns time (ISO 8601 with zone, or seconds since 1970), point, value.

    Raises UnreadableRecording.
    """
    import pandas as pd  # heavy, and only a replay needs it

    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UnreadableRecording(f"{path} cannot be read as a recording: {error}") from error
    lacking = [name for name in COLUMNS if name not in table.columns]
    if lacking:
        raise UnreadableRecording(f"{path} has no column {lacking[0]}; a recording has time, point and value.")
    if not len(table):
        raise UnreadableRecording(f"{path} holds no reading.")
    table = table.assign(seconds=_seconds(path, table["time"])).sort_values("seconds", kind="stable")
    try:
        table = table.assign(value=pd.to_numeric(table["value"]))
    except (ValueError, TypeError) as error:
        raise UnreadableRecording(f"{path}: a value is not a number: {error}") from error
    times = {str(point): rows["seconds"].to_numpy(float) for point, rows in table.groupby("point")}
    values = {str(point): rows["value"].to_numpy(float) for point, rows in table.groupby("point")}
    return Recording(times, values)


def _seconds(path: Path, column: object) -> Float64Array:
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):  # type: ignore[arg-type]
        return np.asarray(column, dtype=np.float64)
    try:
        stamps = pd.to_datetime(column, utc=True, format="ISO8601")  # type: ignore[call-overload]
    except ValueError as error:
        raise UnreadableRecording(f"{path}: a time is not ISO 8601: {error}") from error
    since = (stamps - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return np.asarray(since, dtype=np.float64)


def _whole_period(span_s: float) -> float:
    for period_s in (WEEK_S, DAY_S):
        if span_s >= 0.98 * period_s:
            return round(span_s / period_s) * period_s
    return max(span_s, 1.0)

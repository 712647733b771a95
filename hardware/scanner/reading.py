"""One reading of one device: every request of its plan, once, over a connection that somebody owns."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hardware.modbus import Connection, FieldError
from hardware.modbus.sunspec import find_model
from hardware.points import Reason, status_of
from hardware.scanner.task import DeviceTask

# After one of these the rest of the device is not asked: it is the device or its link that is gone.
_GONE = (Reason.TIMEOUT, Reason.REFUSED, Reason.DROPPED)


async def read_device(connection: Connection, task: DeviceTask) -> FieldError | None:
    """Asks everything of one device and hands it to its group. Returns the last thing that went wrong, or None."""
    payloads: list[bytes] = []
    failed: list[int] = []
    error = await _find(connection, task)
    for span in task.requests:
        if error is not None and error.reason in _GONE:
            break
        asked = time.perf_counter()
        try:
            payload = await connection.read(task.spec.unit, span.table, span.address, span.count, task.silence_s)
        except FieldError as problem:
            error = problem
            task.record.failed(problem)
            payloads.append(b"")
            failed.append(status_of(problem.reason, problem.detail))
        else:
            payloads.append(payload)
            failed.append(0)
            task.record.answered(time.perf_counter() - asked, time.time_ns())
    if not task.record.out_of_service:
        _hand_over(task, payloads, failed, error)
    return error


def is_partly_answered(task: DeviceTask, error: FieldError) -> bool:
    """True where a device answers, only not everything: it is read on at its own pace."""
    refuses_or_lies = error.reason in (Reason.EXCEPTION, Reason.WRONG_ANSWER)
    return refuses_or_lies and task.start is not None and task.answered_last


async def _find(connection: Connection, task: DeviceTask) -> FieldError | None:
    """Looks a SunSpec device through for its model, where that is still to be done."""
    model = task.group.decoder.profile.sunspec
    if task.start is not None or model is None:
        return None
    try:
        task.place(await find_model(connection, task.spec.unit, model, task.silence_s))
    except FieldError as problem:
        task.record.failed(problem)
        return problem
    return None


def _hand_over(task: DeviceTask, payloads: list[bytes], failed: Sequence[int], error: FieldError | None) -> None:
    now_ns = time.time_ns()
    if error is None:
        task.answered_last = True
        task.group.put(task.row, payloads, None, now_ns)
        return
    task.answered_last = 0 in failed
    missing = len(task.group.decoder.requests) - len(payloads)
    status = status_of(error.reason, error.detail)
    task.group.put(task.row, payloads + [b""] * missing, [*failed, *[status] * missing], now_ns)

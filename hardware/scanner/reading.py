"""One reading of one device: every request of its plan, once, over a connection that somebody owns."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hardware.modbus import ANOTHER_CHAIN, Connection, FieldError, find_placement
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
    if changed := _changed(task, payloads):
        error, payloads, failed = changed, [], []
    if not task.record.out_of_service:
        _hand_over(task, payloads, failed, error)
    return error


def is_partly_answered(task: DeviceTask, error: FieldError) -> bool:
    """True where a device answers, only not everything: it is read on at its own pace."""
    refuses_or_lies = error.reason in (Reason.EXCEPTION, Reason.WRONG_ANSWER)
    return refuses_or_lies and task.placement is not None and task.answered_last


async def _find(connection: Connection, task: DeviceTask) -> FieldError | None:
    """Walks the chain of a SunSpec device, where that is still to be done."""
    if task.placement is not None:
        return None
    try:
        task.place(await find_placement(connection, task.spec.unit, task.group.decoder, task.silence_s))
    except FieldError as problem:
        task.record.failed(problem)
        return problem
    return None


def _changed(task: DeviceTask, payloads: Sequence[bytes]) -> FieldError | None:
    """What is wrong where a SunSpec device answers with other models than those found: it was exchanged."""
    if task.placement is None or task.placement.is_as_found(payloads):
        return None
    task.displace()
    problem = FieldError(Reason.WRONG_ANSWER, ANOTHER_CHAIN)
    task.record.failed(problem)
    return problem


def _hand_over(task: DeviceTask, payloads: list[bytes], failed: Sequence[int], error: FieldError | None) -> None:
    now_ns = time.time_ns()
    placement = task.placement
    if error is None:
        task.answered_last = True
        whole = placement.expand(payloads, failed)[0] if placement is not None and placement.models else payloads
        task.group.put(task.row, whole, None, now_ns)
        return
    task.answered_last = 0 in failed
    status = status_of(error.reason, error.detail)
    missing = len(task.requests) - len(payloads)
    payloads, statuses = payloads + [b""] * missing, [*failed, *[status] * missing]
    if placement is not None:
        payloads, statuses = placement.expand(payloads, statuses)
    else:
        count = len(task.group.decoder.requests)
        payloads, statuses = [b""] * count, [status] * count
    task.group.put(task.row, payloads, statuses, now_ns)

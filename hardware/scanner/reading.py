"""One reading of one device: the requests of its plan that are due, over a connection that somebody owns."""

from __future__ import annotations

import time
from collections.abc import Sequence

from hardware.modbus import ANOTHER_CHAIN, Connection, FieldError, find_placement
from hardware.points import Reason, status_of
from hardware.scanner.task import DeviceTask

# After one of these the rest of the device is not asked: it is the device or its link that is gone.
_GONE = (Reason.TIMEOUT, Reason.REFUSED, Reason.DROPPED)


async def read_device(connection: Connection, task: DeviceTask, now: float) -> FieldError | None:
    """Asks what is due of one device and hands it to its group. Returns the last thing that went wrong, or None."""
    numbers = task.wanted(now)
    payloads: list[bytes] = []
    failed: list[int] = []
    error = await _find(connection, task)
    for number in range(len(task.requests)) if numbers is None else numbers:
        if error is not None and (error.reason in _GONE or task.placement is None):
            break
        span = task.requests[number]
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
        _hand_over(task, numbers, payloads, failed, error)
    return error


async def probe_device(connection: Connection, task: DeviceTask, patience_s: float) -> FieldError | None:
    """Asks a device that did not answer for one thing only, the small ones first; where it answers, everything.

    Returns the last thing that went wrong, or None.
    """
    unit = task.spec.unit
    connection.patience_s[unit] = patience_s
    try:
        error = await _find(connection, task)
        if error is None and task.requests:
            by_size = sorted(task.requests, key=lambda span: span.count)
            span = by_size[(task.failures - 1) % len(by_size)]
            await connection.read(unit, span.table, span.address, span.count, task.silence_s)
    except FieldError as problem:
        error = problem
        task.record.failed(problem)
    finally:
        connection.patience_s.pop(unit, None)
    if error is None:
        return await read_device(connection, task, time.monotonic())
    if not task.record.out_of_service:
        hand_over_loss(task, error)
    return error


def is_partly_answered(task: DeviceTask, error: FieldError) -> bool:
    """True where a device answers, only not everything: it is read on at its own pace."""
    refuses_or_lies = error.reason in (Reason.EXCEPTION, Reason.WRONG_ANSWER)
    return refuses_or_lies and task.placement is not None and task.answered_last


def hand_over_loss(task: DeviceTask, error: FieldError) -> None:
    """Every point of the device is bad from now on, for this reason."""
    task.answered_last = False
    task.told_at = time.monotonic()
    task.read_all_next()
    requests = len(task.group.decoder.requests)
    status = status_of(error.reason, error.detail)
    task.group.put(task.row, None, [b""] * requests, [status] * requests, time.time_ns())


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


def _hand_over(
    task: DeviceTask,
    numbers: Sequence[int] | None,
    payloads: Sequence[bytes],
    failed: Sequence[int],
    error: FieldError | None,
) -> None:
    placement = task.placement
    if placement is None or (error is not None and 0 not in failed):
        hand_over_loss(task, error or FieldError(Reason.WRONG_ANSWER, ANOTHER_CHAIN))
        return
    task.answered_last = True
    asked = range(len(task.requests)) if numbers is None else numbers
    if error is None:
        whole = placement.expand(payloads, failed)[0] if placement.models else payloads
        task.group.put(task.row, numbers, whole, None, time.time_ns())
        if numbers is not None:
            task.was_read(asked, time.monotonic())
        return
    status, missing = status_of(error.reason, error.detail), len(asked) - len(payloads)
    whole, statuses = placement.expand([*payloads, *[b""] * missing], [*failed, *[status] * missing])
    task.group.put(task.row, numbers, whole, statuses, time.time_ns())
    # What failed is asked again in the next cycle, however slow it is.
    task.was_read([number for number, state in zip(asked, failed, strict=False) if not state], time.monotonic())

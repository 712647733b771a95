"""Who solves the cases of a sweep: processes of this machine, or a Dask cluster by its address.

A process that dies takes a case with it: that one is tried once more in another process, and then said to be lost.
"""

from __future__ import annotations

import concurrent.futures
import itertools
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from optimizer.sweep import Case, CaseResult, solve_case

_LOOK_EVERY_S = 0.1
_CONNECT_S = 10.0
_LOST = CaseResult("lost", "The process that solved it ended, twice: it may need more memory than there is.")


class ClusterMissing(RuntimeError):
    """No cluster can be used; the message is a sentence that says why and what to do."""


class LocalProcesses:
    """Processes of this machine, one case at a time each; they end with this process, however that ends."""

    def __init__(self, count: int | None = None) -> None:
        self._count = count or os.cpu_count() or 1

    def solve(self, cases: Sequence[Case], cancel: threading.Event) -> Iterator[tuple[Case, CaseResult]]:
        """See Workers. What ran when a process died is tried again, each alone; then the rest goes on."""
        left = list(cases)
        while left and not cancel.is_set():
            suspects, rest = list[Case](), list[Case]()
            yield from self._solve(left, cancel, self._count, suspects, rest)
            for case in suspects:
                lost: list[Case] = []
                yield from self._solve([case], cancel, 1, lost, [])
                if lost:
                    yield case, _LOST
            left = rest

    def _solve(
        self, cases: Sequence[Case], cancel: threading.Event, count: int, suspects: list[Case], rest: list[Case]
    ) -> Iterator[tuple[Case, CaseResult]]:
        context = multiprocessing.get_context("spawn")
        pool = concurrent.futures.ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent)
        waiting, running = iter(cases), dict[concurrent.futures.Future[CaseResult], Case]()
        try:
            while not cancel.is_set():
                for case in itertools.islice(waiting, 2 * count - len(running)):
                    running[pool.submit(solve_case, case)] = case
                if not running:
                    return
                done, _ = concurrent.futures.wait(running, _LOOK_EVERY_S, concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    result = future.result()
                    yield running.pop(future), result
        except BrokenProcessPool:
            suspects += running.values()
            rest += waiting
        finally:
            _end(pool)


class DaskCluster:
    """The workers of a Dask cluster; each needs this program installed."""

    def __init__(self, address: str) -> None:
        self._address = address

    def solve(self, cases: Sequence[Case], cancel: threading.Event) -> Iterator[tuple[Case, CaseResult]]:
        """See Workers. Raises ClusterMissing."""
        distributed, client = self._connect()
        futures: dict[Any, Case] = {}
        try:
            futures = {client.submit(solve_case, case, key=f"case-{case.key}", retries=1): case for case in cases}
            done = distributed.as_completed(futures, loop=client.loop)
            while futures and not cancel.is_set():
                if not done.has_ready():
                    cancel.wait(_LOOK_EVERY_S)
                    continue
                future = next(done)
                case = futures.pop(future)
                yield case, future.result() if future.status == "finished" else _LOST
        finally:
            client.cancel(list(futures))
            client.close()

    def _connect(self) -> tuple[Any, Any]:
        try:
            import distributed
        except ImportError as error:
            raise ClusterMissing(
                "Dask is not installed: install this program with its extra 'cluster', or leave --dask away."
            ) from error
        try:
            connect: Any = distributed.Client
            return distributed, connect(self._address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterMissing(
                f"No Dask scheduler answers at {self._address}: start it, or correct --dask."
            ) from error


def _end(pool: concurrent.futures.ProcessPoolExecutor) -> None:
    """Ends the processes of a pool, whatever they do."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _end_with_parent() -> None:
    """In a worker: ends it when the sweep's process is gone; a killed one tells nobody."""

    def outlive_nobody() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=outlive_nobody, name="parent", daemon=True).start()

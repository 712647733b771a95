"""The optimizer in a process of its own: it can be ended at once, and never holds up the window or the field."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import multiprocessing
import os
import threading
from typing import Any

from optimizer.plan import Answer, Unsolved
from optimizer.problem import Problem


class SolverProcess:
    """Starts its process with the first problem and keeps it, since starting costs about a second."""

    def __init__(self, time_limit_s: float = 60.0) -> None:
        self._time_limit_s = time_limit_s
        self._pool: concurrent.futures.ProcessPoolExecutor | None = None

    async def solve(self, problem: Problem) -> Answer:
        """Solves one problem; a process that dies is an Unsolved with its reason, and the next call starts another."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent)
        try:
            # Handing over the first problem starts the process, which takes long enough to hold up the field's reading.
            future = await asyncio.to_thread(self._pool.submit, _solve, problem, self._time_limit_s)
            return await asyncio.wrap_future(future)
        except concurrent.futures.process.BrokenProcessPool:
            self._pool = None
            return Unsolved("the solver's process ended before it was done; ask for the plan again", 0.0)

    def close(self) -> None:
        """Ends the process, whatever it does."""
        if self._pool is None:
            return
        processes = self._pool._processes or {}
        # Waits for a start under way in another thread, whose process is in the list only afterwards.
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in list(processes.values()):
            process.terminate()
        self._pool = None


def _end_with_parent() -> None:
    """In the solver's process: ends it when the engine's process is gone, however that ended.

    A killed parent tells nobody, and the process of a pool holds both ends of the pipe that it waits on.
    """

    def outlive_nobody() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=outlive_nobody, name="parent", daemon=True).start()


@functools.cache
def _planner() -> Any:
    """In the solver's process: keeps the solver warm from one problem to the next."""
    from optimizer.solve import Planner  # late, so that the engine's process does not load the solver

    return Planner()


def _solve(problem: Problem, time_limit_s: float) -> Answer:
    answer: Answer = _planner().solve(problem, time_limit_s=time_limit_s)
    return answer

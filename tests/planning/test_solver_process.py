"""The solver's process never outlives the engine's, however that one ended."""

from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from energy_console.planning.solver import SolverProcess
from optimizer.plan import Plan
from tests.optimizer.small import bus, problem

ROOT = Path(__file__).resolve().parents[2]
END_S = 30.0
ENGINE = """
import asyncio, psutil
from energy_console.planning.solver import SolverProcess
from tests.optimizer.small import bus, problem

async def main():
    solver = SolverProcess()
    await solver.solve(problem(charging=(bus(),)))
    print(*(child.pid for child in psutil.Process().children(recursive=True)), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_the_solvers_process_ends_with_a_killed_engine() -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    try:
        children = [psutil.Process(int(pid)) for pid in engine.stdout.readline().split()]
    finally:
        engine.kill()
        engine.wait()
        engine.stdout.close()
    left = psutil.wait_procs(children, timeout=END_S)[1]
    for child in left:
        child.kill()
    assert children
    assert not left


@pytest.mark.parametrize("after_s", [0.0, 0.01, 0.05])
def test_a_solver_that_is_closed_while_its_process_starts_leaves_none(after_s: float) -> None:
    async def main() -> None:
        solver = SolverProcess()
        solving = asyncio.create_task(solver.solve(problem(charging=(bus(),))))
        await asyncio.sleep(after_s)
        solver.close()
        await asyncio.gather(solving, return_exceptions=True)

    asyncio.run(main())
    until = time.monotonic() + END_S
    while multiprocessing.active_children():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_solver_starts_again_after_its_process_was_killed() -> None:
    async def main() -> None:
        solver = SolverProcess()
        try:
            assert isinstance(await solver.solve(problem(charging=(bus(),))), Plan)
            for process in list(solver._pool._processes.values()):
                process.kill()
            await solver.solve(problem(charging=(bus(),)))  # told as unsolved
            assert isinstance(await solver.solve(problem(charging=(bus(),))), Plan)
        finally:
            solver.close()

    asyncio.run(main())

"""`serve` killed between a write and its read-back, started again, asked to stop: field and ledger agree."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from energy_console.engine.orders import GIVEN_AT
from energy_console.historian.embedded import EmbeddedHistorian, open_embedded
from energy_console.historian.errors import StoreError
from tests.control.quay import ALWAYS, LEVEL, Quay, quay
from tests.hardware.scripted import Request, serving

ROOT = Path(__file__).resolve().parents[2]


class Killer(Quay):
    """The cabinet takes a level and kills whoever sent it before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: asyncio.subprocess.Process | None = None

    def __call__(self, request: Request) -> list:
        answer = super().__call__(request)
        if self.victim is not None and request.unit == 1 and request.function in (6, 16):
            self.victim.kill()
            self.victim = None
            return []
        return answer


@contextlib.asynccontextmanager
async def served(folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    arguments = ["main.py", "serve", "--site", str(folder / "site"), "--store", str(folder / "store")]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def reader_of(folder: Path) -> EmbeddedHistorian:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(StoreError):
                return await asyncio.to_thread(open_embedded, folder / "store", False)
            await asyncio.sleep(0.1)


async def until(true) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.05)


def order(reader: EmbeddedHistorian, value: float) -> int:
    return reader.request_command(
        {"do": "write", "point": LEVEL, "value": value, "who": "Ada", GIVEN_AT: time.time_ns()}
    )


@pytest.mark.timeout(240)
def test_an_engine_killed_in_mid_write_looks_afterwards_and_lets_go_when_it_is_asked_to_stop(tmp_path):
    field = Killer()

    async def main():
        async with serving(field) as server:
            folder = quay(tmp_path / "site")
            links = f"link,url,timeout_s\ngw,tcp://127.0.0.1:{server.port},1\n"
            (folder / "links.csv").write_text(links, encoding="utf-8")
            async with served(tmp_path) as process:
                reader = await reader_of(tmp_path)
                field.victim = process
                first = order(reader, 0.5)
                await process.wait()
            assert field.units[1].writes == [(20, (500,))]
            (cut_off,) = reader.open_ledger()
            assert cut_off.steps[-1].kind == "sending"

            async with served(tmp_path) as process:
                await until(lambda: not reader.open_ledger())
                assert field.units[1].writes == [(20, (500,))], "it was written again blind"
                (record,) = reader.ledger(*ALWAYS)
                assert (record.steps[-1].kind, record.steps[-1].value) == ("left", 0.5)
                await until(lambda: reader.command_result(first))
                assert "was cut off while carrying that out" in reader.command_result(first)["text"]
                second = order(reader, 0.3)
                await until(lambda: reader.command_result(second))
                assert reader.command_result(second)["ok"]
                if sys.platform != "win32":
                    process.terminate()
                    await process.wait()
                    assert field.units[1].words[21] == 0, "the cabinet was not let go"
                    assert reader.ledger(*ALWAYS)[0].steps[-1].kind == "released"
                    assert reader.open_ledger() == []
            reader.close()

    asyncio.run(main())

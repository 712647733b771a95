"""What has to be there before the field is read, waited for without holding up anybody who wants to stop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable


async def prepared(prepare: Callable[[], None], stopping: asyncio.Event) -> bool:
    """Runs `prepare`, which may block; True when it is done, False where the engine is to stop before that.

    Raises what it raises. Its thread is its own: the end of a loop would wait for one of the loop's executor.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def work() -> None:
        fault: BaseException | None = None
        try:
            prepare()
        except Exception as error:  # noqa: BLE001 - raised again where it is awaited
            fault = error
        with contextlib.suppress(RuntimeError):  # stopped meanwhile: nobody waits for it any more
            loop.call_soon_threadsafe(settle, fault)

    threading.Thread(target=work, name="prepare", daemon=True).start()
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait((done, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not done.done():
        return False
    done.result()
    return True

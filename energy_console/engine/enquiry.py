"""A question to the field from where no engine reads it: in a thread of its own, until answered or given up."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from energy_console.engine.commissioning import Answer, Failed, Question, Said, answer
from energy_console.site.model import Site

log = logging.getLogger(__name__)


class Enquiry:
    """Calls `said` and `done` on its own thread; `done` once, unless it was given up before."""

    def __init__(self, question: Question, site: Site, said: Said, done: Callable[[Answer], None]) -> None:
        self._question, self._site, self._said, self._done = question, site, said, done
        self._thread = threading.Thread(target=self._run, name="enquiry", daemon=True)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Answer] | None = None
        self._given_up = False

    def start(self) -> None:
        self._thread.start()

    def give_up(self) -> None:
        with self._lock:
            self._given_up = True
            if self._loop is not None and self._task is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        try:
            found = asyncio.run(self._ask())
        except asyncio.CancelledError:
            return
        except Exception as error:  # a fault of ours in one question must not take the window's thread with it
            log.exception("a question to the field failed")
            found = Failed(f"That failed inside the console: {error}")
        self._done(found)

    async def _ask(self) -> Answer:
        with self._lock:
            if self._given_up:
                raise asyncio.CancelledError
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(answer(self._question, self._site, None, self._said))
        return await self._task

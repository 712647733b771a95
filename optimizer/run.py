"""One run of HiGHS that can be called off at once and says how far it is.

HiGHS looks for an interruption between iterations and nodes, but not in presolve, nor in one long factorisation. So a
run that somebody may call off goes on in a thread of its own: whoever waits for it is free within `CANCEL_S`, and
the thread ends by itself at the next place where HiGHS looks.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import highspy

from optimizer.progress import TELL_EVERY_S, Progress, Tell

CANCEL_S = 0.1  # how long a run called off is waited for before it is left to itself
_LOOK_EVERY_S = 0.02


class Instance:
    """A HiGHS instance with what its callbacks heard last. Left behind for good once `run` gives False."""

    def __init__(self) -> None:
        self.highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self.highs.setOptionValue("output_flag", False)
        self._called_off = False
        self._heard = (0, math.inf, -math.inf)  # iterations, best cost, bound
        for events in (self.highs.cbSimplexInterrupt, self.highs.cbMipInterrupt, self.highs.cbIpmInterrupt):
            events.subscribe(self._hear)
        self._listening = True

    def run(self, cancel: threading.Event | None, tell: Tell | None) -> bool:
        """Runs to an end of HiGHS's own, or until called off; False where it did not stop in time."""
        watched = cancel is not None or tell is not None
        self._listen(watched)
        if not watched:
            self.highs.run()
            return True
        began = time.perf_counter()
        worker = threading.Thread(target=self.highs.run, name="highs")
        worker.start()
        told_s = 0.0
        try:
            while True:
                worker.join(_LOOK_EVERY_S)
                if not worker.is_alive():
                    return True
                if cancel is not None and cancel.is_set():
                    self._called_off = True
                    worker.join(CANCEL_S)
                    return not worker.is_alive()
                seconds = time.perf_counter() - began
                if tell is not None and seconds - told_s >= TELL_EVERY_S:
                    told_s = seconds
                    tell(self._progress(seconds))
        except BaseException:  # Ctrl+C, or a fault of whoever is told: nobody waits for the run any more
            self._called_off = True
            raise

    def _progress(self, seconds: float) -> Progress:
        iterations, cost, bound = self._heard
        return Progress(
            seconds, iterations, cost if math.isfinite(cost) else None, bound if math.isfinite(bound) else None
        )

    def _listen(self, wanted: bool) -> None:
        """Callbacks cost calls into Python: they are on only where someone may call off or listens."""
        if wanted == self._listening:
            return
        self._listening = wanted
        kinds = highspy.cb.HighsCallbackType
        turn = self.highs.startCallback if wanted else self.highs.stopCallback
        for kind in (kinds.kCallbackSimplexInterrupt, kinds.kCallbackMipInterrupt, kinds.kCallbackIpmInterrupt):
            turn(kind)

    def _hear(self, event: Any) -> None:
        if self._called_off:
            event.interrupt()
        out = event.data_out
        if event.callback_type == highspy.cb.HighsCallbackType.kCallbackMipInterrupt:
            self._heard = (self._heard[0], float(out.mip_primal_bound), float(out.mip_dual_bound))
        else:
            self._heard = (max(self._heard[0], int(out.simplex_iteration_count)), *self._heard[1:])

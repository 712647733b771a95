"""Whatever goes wrong with writes and looks, what is said last is what the device shows, or that it is not known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.commands import Result
from hardware.profiles import profile
from hardware.profiles.model import WriteRules
from tests.hardware.scripted import CLOSE, tcp
from tests.hardware.test_commands import Registers, command
from tests.hardware.test_guarded_writes import SUPPLIED, Ledger

FAULTS = ("fine", "swallowed", "taken in silence", "deaf", "denied", "starts anew", "hangs up", "wrong echo", "busy")


class Faulty(Registers):
    """Plays one fault a request while there are any, then is fine."""

    def __init__(self, start):
        super().__init__()
        self.start = dict(start)
        self.words = dict(start)
        self.faults = []

    def __call__(self, request):
        fault = self.faults.pop(0) if self.faults else "fine"
        exception = bytes([request.function | 0x80])
        before = dict(self.words)
        answer = super().__call__(request)
        match fault:
            case "swallowed" | "hangs up":
                self.words = before
                return [CLOSE] if fault == "hangs up" else []
            case "taken in silence":
                return []
            case "deaf":
                self.words = before
            case "denied" | "busy":
                self.words = before
                return [tcp(request, exception + bytes([4 if fault == "denied" else 5]))]
            case "starts anew":
                self.words = dict(self.start)
                return []
            case "wrong echo" if request.function in (6, 16):
                return [tcp(request, bytes([request.function]) + b"\x00\x07" + request.body[2:4])]
        return answer


def quickly(name):
    return replace(profile(name), write=WriteRules(read_back_s=0.15))


COMMANDS = st.lists(st.tuples(st.integers(50, 400), st.lists(st.sampled_from(FAULTS), max_size=5)), max_size=4)


@pytest.mark.parametrize(
    ("name", "point", "scale", "start"),
    [
        ("danfoss_ecl", "D/outside_command_c", 0.01, {}),
        ("ops_80005_2", "D/request_load_reduction_kw", 1.0, SUPPLIED),
    ],
    ids=["set-point", "request"],
)
@settings(max_examples=12, deadline=None)
@given(commands=COMMANDS)
def test_the_last_word_of_the_ledger_is_what_the_device_shows_or_unknown(name, point, scale, start, commands):
    device = Faulty(start)
    address = profile(name).point(point.split("/")[1]).address

    async def conversation(commander, device, scanner):
        for number, faults in commands:
            attempts, ledger = len(device.writes), Ledger()
            device.faults = list(faults)
            outcome = await commander.write(point, number * scale, ledger)
            device.faults = []
            now = device.words.get(address, 0) * scale
            assert [step.closes for step in ledger.steps] == [False] * (len(ledger.steps) - 1) + [True]
            assert len(device.writes) - attempts <= (1 if name == "ops_80005_2" else 2)
            if outcome.result in (Result.DONE, Result.NOT_TAKEN):
                assert ledger.last.value == pytest.approx(now)
                assert outcome.ok == (now == pytest.approx(number * scale))
            elif outcome.result is Result.REFUSED:
                assert len(device.writes) == attempts

    command(name, conversation, loaded=quickly(name), device=device)

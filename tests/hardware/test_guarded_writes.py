"""A write through every mishap: what is sent, how often, and what is said to have come of it."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import replace

import pytest

from hardware.commands import Result, StepKind
from hardware.commands.ramp import stages
from hardware.profiles import profile
from tests.hardware.scripted import tcp
from tests.hardware.test_commands import Registers, command, float_words, quick

SETPOINT = "D/comfort_setpoint_c"
SUPPLIED = {2: 0, 4: 8}  # communication fault no, step supplied


class Ledger:
    """A trace that keeps its steps in a list; `refuses` is why it cannot."""

    def __init__(self):
        self.steps = []
        self.refuses = ""
        self.sure_after = []

    def note(self, step):
        self.steps.append(step)

    async def sure(self):
        self.sure_after.append(len(self.steps))
        return self.refuses

    @property
    def kinds(self):
        return [step.kind for step in self.steps]

    @property
    def last(self):
        return self.steps[-1]


class Mishaps(Registers):
    """Writes that get lost before the device has them, or are confirmed as if they had been others."""

    def __init__(self):
        super().__init__()
        self.swallowed = 0  # writes that neither arrive nor are answered
        self.wrong_echoes = 0  # writes that are taken and confirmed with another address
        self.attempts = []

    def __call__(self, request):
        if request.function not in (6, 16):
            return super().__call__(request)
        self.attempts.append(request.address)
        if self.swallowed:
            self.swallowed -= 1
            return []
        answer = super().__call__(request)
        if self.wrong_echoes:
            self.wrong_echoes -= 1
            body = struct.pack(">H", request.address + 1) + request.body[2:4]
            return [tcp(request, bytes([request.function]) + body)]
        return answer


def test_every_step_of_a_plain_write_is_noted_and_kept_before_the_first_byte():
    ledger = Ledger()

    async def conversation(commander, device, scanner):
        assert (await commander.write(SETPOINT, 21.5, ledger)).ok
        kinds = [StepKind.CHECKED, StepKind.SENDING, StepKind.WRITTEN, StepKind.READ_BACK]
        assert ledger.kinds == kinds
        assert ledger.sure_after == [2]
        assert (ledger.last.value, ledger.last.closes) == (21.5, True)

    command("danfoss_ecl", conversation)


def test_nothing_is_sent_that_the_ledger_cannot_keep():
    ledger = Ledger()
    ledger.refuses = "no room left."

    async def conversation(commander, device, scanner):
        result = await commander.write(SETPOINT, 21.5, ledger)
        assert result.result is Result.REFUSED
        assert "no room left" in result.text
        assert device.writes == []

    command("danfoss_ecl", conversation)


def test_a_write_lost_on_its_way_is_looked_at_and_sent_a_second_time():
    ledger = Ledger()
    device = Mishaps()
    device.swallowed = 1

    async def conversation(commander, device, scanner):
        assert (await commander.write(SETPOINT, 21.5, ledger)).ok
        assert len(device.attempts) == 2
        after = ledger.kinds[ledger.kinds.index(StepKind.SENDING) :]
        lost, again = StepKind.ANSWER_LOST, StepKind.SENT_AGAIN
        assert after == [StepKind.SENDING, lost, again, StepKind.WRITTEN, StepKind.READ_BACK]

    command("danfoss_ecl", conversation, device=device)


def test_a_write_lost_twice_is_not_sent_a_third_time_and_not_known():
    ledger = Ledger()
    device = Mishaps()
    device.swallowed = 2

    async def conversation(commander, device, scanner):
        result = await commander.write(SETPOINT, 21.5, ledger)
        assert result.result is Result.UNKNOWN
        assert "it may take it later" in result.text
        assert len(device.attempts) == 2
        assert (ledger.last.kind, ledger.last.closes) == (StepKind.UNKNOWN, True)

    command("danfoss_ecl", conversation, device=device)


def test_a_request_whose_answer_was_lost_is_never_sent_again():
    device = Mishaps()
    device.words.update(SUPPLIED)
    device.swallowed = 1

    async def conversation(commander, device, scanner):
        result = await commander.write("D/request_load_reduction_kw", 400.0)
        assert result.result is Result.UNKNOWN
        assert len(device.attempts) == 1

    command("ops_80005_2", conversation, device=device)


def test_a_write_confirmed_as_another_one_is_looked_at():
    ledger = Ledger()
    device = Mishaps()
    device.wrong_echoes = 1

    async def conversation(commander, device, scanner):
        assert (await commander.write(SETPOINT, 21.5, ledger)).ok
        assert len(device.attempts) == 1
        assert StepKind.ANSWER_LOST in ledger.kinds

    command("danfoss_ecl", conversation, device=device)


@pytest.mark.parametrize("reads_until_it_shows", [2, None])
def test_a_device_that_says_it_is_working_on_it_is_waited_for_and_not_asked_again(reads_until_it_shows):
    class Busy(Mishaps):
        def __call__(self, request):
            if request.function in (6, 16):
                self.attempts.append(request.address)
                return [tcp(request, bytes([request.function | 0x80, 5]))]
            if self.attempts and request.address <= 21215 < request.address + request.count:
                self.attempts.append("read")
            if self.attempts.count("read") == reads_until_it_shows:
                self.words.update(zip(range(21215, 21217), float_words(21.5), strict=True))
            return super().__call__(request)

    async def conversation(commander, device, scanner):
        result = await commander.write(SETPOINT, 21.5)
        assert result.result is (Result.DONE if reads_until_it_shows else Result.UNKNOWN)
        assert [attempt for attempt in device.attempts if attempt != "read"] == [21215]

    command("danfoss_ecl", conversation, device=Busy())


def test_what_keeps_a_value_alive_is_looked_for_too_where_its_answer_was_lost():
    class FeedLost(Mishaps):
        def __call__(self, request):
            self.swallowed = int(request.function in (6, 16) and self.attempts == [20])
            return super().__call__(request)

    async def conversation(commander, device, scanner):
        assert (await commander.write("D/level_command", 0.5)).ok
        assert device.attempts[:4] == [20, 21, 20, 21]
        assert device.words[21] == 900

    command("lighting_cabinet", conversation, device=FeedLost())


def test_a_request_is_made_only_while_its_interlocks_hold():
    ledger = Ledger()

    async def conversation(commander, device, scanner):
        result = await commander.write("D/request_load_reduction_kw", 400.0, ledger)
        assert result.result is Result.REFUSED
        assert "Step of the connection is idle and earthed, and has to be supplied" in result.text
        assert device.writes == []
        assert ledger.last.closes
        device.words.update(SUPPLIED)
        assert (await commander.write("D/request_load_reduction_kw", 400.0)).ok
        device.words[4] = 9
        assert (await commander.write("D/request_load_reduction_kw", 0.0)).ok, "it can always be withdrawn"

    command("ops_80005_2", conversation)


def test_a_device_that_cannot_be_asked_first_is_not_written_to():
    class Mute(Registers):
        def __call__(self, request):
            return [] if request.function in (3, 4) else super().__call__(request)

    async def conversation(commander, device, scanner):
        result = await commander.write(SETPOINT, 21.5)
        assert result.result is Result.REFUSED
        assert "cannot be asked first" in result.text
        assert device.writes == []

    command("danfoss_ecl", conversation, device=Mute())


def limited(rate_per_s):
    base = profile("danfoss_ecl")
    points = tuple(
        replace(point, rate_per_s=rate_per_s) if point.quantity == "comfort_setpoint_c" else point
        for point in base.points
    )
    return replace(base, points=points)


def test_a_change_too_fast_for_the_point_is_sent_in_steps_and_said_so():
    ledger = Ledger()
    device = Registers()
    device.words.update(zip(range(21215, 21217), float_words(10.0), strict=True))

    async def conversation(commander, device, scanner):
        assert (await commander.write(SETPOINT, 13.0, ledger)).ok
        assert [words for _, words in device.writes] == [float_words(11.5), float_words(13.0)]
        assert "in 2 steps over 1 s" in ledger.steps[ledger.kinds.index(StepKind.IN_STEPS)].text
        assert ledger.last.value == 13.0

    command("danfoss_ecl", conversation, loaded=limited(1.5), device=device)


def test_a_newer_command_goes_on_from_where_a_slow_one_is():
    first = Ledger()
    device = Registers()
    device.words.update(zip(range(21215, 21217), float_words(10.0), strict=True))

    async def conversation(commander, device, scanner):
        slow = asyncio.create_task(commander.write(SETPOINT, 40.0, first))
        while not device.writes:
            await asyncio.sleep(0.01)
        assert (await commander.write(SETPOINT, 12.0)).ok
        assert (await slow).result is Result.OVERTAKEN
        assert first.last.closes
        values = [struct.unpack(">f", struct.pack(">2H", *words))[0] for _, words in device.writes]
        assert (values[0], values[-1]) == (11.0, 12.0)
        assert max(values) < 40.0

    command("danfoss_ecl", conversation, loaded=limited(1.0), device=device)


@pytest.mark.parametrize(
    ("start", "end", "rate", "pace", "expected"),
    [
        (0.0, 10.0, None, 1.0, (10.0,)),
        (0.0, 10.0, 10.0, 1.0, (10.0,)),
        (0.0, 10.0, 4.0, 1.0, (10.0 / 3, 20.0 / 3, 10.0)),
        (10.0, 0.0, 2.5, 2.0, (5.0, 0.0)),
        (5.0, 5.0, 1.0, 1.0, (5.0,)),
    ],
)
def test_steps_are_equal_and_end_where_they_should(start, end, rate, pace, expected):
    assert stages(start, end, rate, pace) == pytest.approx(expected)


def test_steps_jump_over_what_a_point_never_takes():
    assert stages(0.0, 10.0, 2.0, 1.0, (0.0, 6.0)) == pytest.approx((6.0, 8.0, 10.0))


def test_a_device_that_starts_anew_while_held_is_found_and_set_again():
    ledger = Ledger()

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, ledger)
        device.words.clear()
        while StepKind.FED_AGAIN not in ledger.kinds:
            await asyncio.sleep(0.02)
        fell = ledger.steps[ledger.kinds.index(StepKind.FELL_BACK)]
        assert fell.value == 0.0
        assert "shows 0 A instead of 16 A" in fell.text
        assert device.words[1210] == float_words(16.0)[0]
        assert not any(step.closes for step in ledger.steps)

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_hold_that_nobody_could_feed_is_said_to_have_fallen_back_and_to_be_fed_again():
    ledger = Ledger()

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, ledger)
        device.needs_key[1210] = (1, 1)
        while StepKind.FELL_BACK not in ledger.kinds:
            await asyncio.sleep(0.02)
        assert "safe current" in ledger.last.text
        device.needs_key.clear()
        while StepKind.FED_AGAIN not in ledger.kinds:
            await asyncio.sleep(0.02)
        assert ledger.kinds.count(StepKind.NOT_FED) == 1

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_device_that_is_kept_at_another_value_by_hand_is_kept_in_the_ledger_once():
    ledger = Ledger()

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, ledger)
        device.deaf.add(1210)
        device.words.update(zip((1210, 1211), float_words(10.0), strict=True))
        while len(device.writes) < 5:
            await asyncio.sleep(0.02)
        (hold,) = commander.holds()
        assert "did not take 16 A: the device shows 10 A" in hold.problem
        assert len([kind for kind in ledger.kinds if kind is StepKind.NOT_FED]) == 1
        assert len([step for step in ledger.steps if "shows 10 A instead" in step.text]) == 1
        device.deaf.clear()
        while StepKind.FED_AGAIN not in ledger.kinds:
            await asyncio.sleep(0.02)
        assert ledger.last.value == 16.0

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"))


def test_a_device_away_for_less_than_its_time_is_fed_before_it_falls_back():
    """The scan rests longer and longer between its looks at a silent device; the watchdog does not wait for it."""

    class Away(Registers):
        away = False

        def __call__(self, request):
            return [] if self.away else super().__call__(request)

    ledger = Ledger()
    base = profile("alfen_ng9")
    (watchdog,) = base.watchdogs
    loaded = replace(base, watchdogs=(replace(watchdog, every_s=0.2, timeout_s=20.0),))

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, ledger)
        device.away = True
        while StepKind.NOT_FED not in ledger.kinds:
            await asyncio.sleep(0.02)
        device.away = False
        while StepKind.FED_AGAIN not in ledger.kinds:
            await asyncio.sleep(0.02)
        assert StepKind.FELL_BACK not in ledger.kinds

    command("alfen_ng9", conversation, loaded=loaded, device=Away())


def test_letting_go_closes_the_command_with_whose_reason_it_was():
    held, left = Ledger(), Ledger()

    async def cabinet(commander, device, scanner):
        await commander.write("D/level_command", 0.5, held)
        await commander.release("D/level_command", "Ada took the plan out of force.")
        assert (held.last.kind, held.last.closes) == (StepKind.RELEASED, True)
        assert held.last.text.startswith("Ada took the plan out of force.")
        assert device.words[21] == 0

    async def socket(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, left)
        writes = len(device.writes)
        await commander.release("D/limit_a", "The engine stops.")
        assert (left.last.kind, left.last.closes) == (StepKind.LEFT, True)
        assert "within 60 s: The socket goes back to its safe current." in left.last.text
        assert len(device.writes) == writes

    command("lighting_cabinet", cabinet)
    command("alfen_ng9", socket)


def test_a_command_that_may_have_arrived_ends_what_was_held_before():
    first, second = Ledger(), Ledger()
    device = Mishaps()

    async def conversation(commander, device, scanner):
        await commander.write("D/limit_a", 16.0, first)
        device.swallowed = 2
        assert (await commander.write("D/limit_a", 8.0, second)).result is Result.UNKNOWN
        assert commander.holds() == ()
        assert first.last.kind is StepKind.OVERTAKEN
        attempts = len(device.attempts)
        await asyncio.sleep(0.3)
        assert len(device.attempts) == attempts

    command("alfen_ng9", conversation, loaded=quick("alfen_ng9"), device=device)

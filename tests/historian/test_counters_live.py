"""A counter that is reset, rolls over, is swapped or misread, from its register to what is billed."""

from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

from energy_console.historian.counters import CounterRule, Step, consumption
from hardware.field import DeviceSpec, FieldSpec, LinkSpec
from hardware.points import Implausible, Point, Reason, detail_of, reason_of
from hardware.profiles import Profile, ProfilePoint, RegisterType, Table
from hardware.scanner import Scanner
from tests.hardware.scripted import registers, serving, tcp

RATED_KW = 3600.0  # one kWh a second
ENERGY = ProfilePoint(
    "energy_kwh", "Energy", "kWh", Table.HOLDING, 0, RegisterType.UINT32, 2, scale=0.001, counter=True
)
METER = Profile("meter", "Meter", "", "meter", "", "", (ENERGY,))
OWN = Point("M/energy_kwh", "M", "energy_kwh", "kWh", "Energy", counter=True, rated_kw=RATED_KW)


def read(shown):
    """Times, values and statuses of a scan of a meter that shows these values (kWh), one a reading, then stands."""

    def script(request):
        raw = round(shown[min(request.number, len(shown) - 1)] * 1000)
        return [tcp(request, registers(3, list(struct.unpack(">2H", struct.pack(">I", raw % 2**32)))))]

    found = []

    async def main():
        async with serving(script) as server:
            link = LinkSpec("L", f"tcp://127.0.0.1:{server.port}", timeout_s=5.0)
            field = FieldSpec((link,), (DeviceSpec("M", "L", 1, "meter", 0.03),))
            scanner = Scanner(field, found.append, points=(OWN,), tick_s=0.02, profiles=lambda name: METER)
            task = asyncio.create_task(scanner.run())
            async with asyncio.timeout(60):
                while sum(map(len, found)) < len(shown) + 2:
                    await asyncio.sleep(0.02)
            scanner.stop()
            await task

    asyncio.run(main())
    return tuple(
        np.concatenate(column) for column in zip(*((b.time_ns, b.value, b.status) for b in found), strict=True)
    )


@pytest.mark.parametrize(
    ("shown", "amount", "kinds", "flagged"),
    [
        ([700.0, 700.1, 700.2, 700.3], 0.3, set(), []),
        ([700.0, 700.1, 0.0, 0.1, 0.2], 0.3, {Step.RESET}, [Implausible.COUNTER_FELL]),
        ([999_999.8, 999_999.9, 0.1, 0.2], 0.4, {Step.ROLLOVER}, [Implausible.COUNTER_FELL]),
        ([700.0, 700.1, 650.0, 650.1], 0.2, {Step.SWAP}, [Implausible.COUNTER_FELL]),
        ([700.0, 700.1, 9700.0, 9700.1, 9700.2], 0.3, {Step.JUMP}, [Implausible.COUNTED_TOO_FAST]),
        ([700.0, 700.1, 0.0, 700.2, 700.3], 0.3, set(), [Implausible.COUNTER_FELL]),  # misread once, low
        ([700.0, 700.1, 4_000_000.0, 700.2], 0.2, set(), [Implausible.COUNTED_TOO_FAST]),  # and high
    ],
)
def test_what_a_counter_claims_beyond_its_rating_is_kept_flagged_and_never_billed(shown, amount, kinds, flagged):
    time_ns, value, status = read(shown)
    assert value[: len(shown)] == pytest.approx(shown)  # kept as it was told
    told = [int(number) for number in status if reason_of(number) is Reason.NOT_PLAUSIBLE]
    assert [detail_of(number) for number in told] == flagged
    assert set(map(reason_of, status)) <= {Reason.GOOD, Reason.NOT_PLAUSIBLE}
    steps = consumption(time_ns, value, status, CounterRule(rated_per_h=RATED_KW, modulus=1e6, resolution=0.5))
    assert set(steps.step[steps.flagged].tolist()) == kinds
    # What went by in the step of a swap or a jump is not known, and not made up.
    assert steps.total == pytest.approx(amount, abs=0.101)

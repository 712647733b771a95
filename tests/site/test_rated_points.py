"""A device's rating reaches its points, whose readings are judged by it."""

from __future__ import annotations

from pathlib import Path

from energy_console.site.loader import load_site

DEMO = Path(__file__).resolve().parents[2] / "sites" / "port-demo"


def test_powers_and_energies_know_what_their_device_is_rated_for() -> None:
    site = load_site(DEMO)
    rated = {device.id: device.rated_kw for device in site.devices}
    judged = [point for point in site.points if point.unit in ("kW", "kWh") and rated.get(point.device)]
    assert len(judged) > 300
    assert all(point.rated_kw == rated[point.device] for point in judged)
    others = [point for point in site.points if point.unit not in ("kW", "kVA", "kvar", "kWh")]
    assert all(point.rated_kw is None for point in others)

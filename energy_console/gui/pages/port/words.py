"""Names of states, steps and kinds in the language of the console."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QLocale

from energy_console.live.port import STEPS, PointState, ShipState


def tr(text: str) -> str:
    return QCoreApplication.translate("port", text)


def state_words() -> dict[PointState, str]:
    """What an access point does."""
    return _state_words(QLocale().name())


@cache
def _state_words(_locale: str) -> dict[PointState, str]:
    return {
        PointState.FREE: tr("free"),
        PointState.CONNECTING: tr("connecting"),
        PointState.SUPPLYING: tr("supplying"),
        PointState.RELEASING: tr("releasing"),
        PointState.TRIPPED: tr("tripped"),
        PointState.NO_ANSWER: tr("no answer"),
        PointState.NOT_READ_YET: tr("not read yet"),
        PointState.OUT_OF_SERVICE: tr("out of service"),
    }


def ship_words() -> dict[ShipState, str]:
    """How a ship gets its power."""
    return {
        ShipState.ANNOUNCED: tr("announced"),
        ShipState.OWN_ENGINES: tr("on own engines"),
        ShipState.CONNECTING: tr("connecting"),
        ShipState.SUPPLIED: tr("on shore power"),
        ShipState.RELEASING: tr("releasing"),
        ShipState.UNKNOWN: tr("no answer"),
    }


def step_name(step: int) -> str:
    """Name of step 0..12 of a connection."""
    return tr(STEPS[step])


_MARKED = (
    QT_TRANSLATE_NOOP("port", "Idle, earthed"),
    QT_TRANSLATE_NOOP("port", "Cable connected"),
    QT_TRANSLATE_NOOP("port", "Insulation check"),
    QT_TRANSLATE_NOOP("port", "Permissive, both"),
    QT_TRANSLATE_NOOP("port", "Shore breaker"),
    QT_TRANSLATE_NOOP("port", "Sync or blackout"),
    QT_TRANSLATE_NOOP("port", "Ship breaker"),
    QT_TRANSLATE_NOOP("port", "Load transfer"),
    QT_TRANSLATE_NOOP("port", "Supplied"),
    QT_TRANSLATE_NOOP("port", "Unload"),
    QT_TRANSLATE_NOOP("port", "Breakers open"),
    QT_TRANSLATE_NOOP("port", "Earthed"),
    QT_TRANSLATE_NOOP("port", "Released"),
)

"""Second step: what the unit says it is, which profiles fit, and what it reads by the one chosen, live."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from energy_console.engine.commissioning import Answer, Failed, Identified, Progress, Tried, TryProfile, WhoIs
from energy_console.gui.format import point_value, reason_text
from energy_console.gui.pages.devices.adding.walk import Walk
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.rank_table import RankTable
from energy_console.gui.parts.table_model import Column
from energy_console.gui.parts.text import ElidedText, Text
from energy_console.gui.theme import BODY_PX, SEMIBOLD, TABLE_HEADER_HEIGHT, TREE_ROW_HEIGHT
from hardware.modbus import Readout
from hardware.profiles import Profile, ProfilePoint, points_of
from hardware.profiles.model import Confidence

_MARGIN = 11
_FITS_SHOWN = 5
_AGAIN_MS = 2000
_WORDS_SHOWN = 4
_NARROW_PX = 500
_TRAPS_SHOWN = 2  # the others as a tooltip


class ProfileStep(QWidget):
    """`ready` tells whether a profile was read by; `forward` that one was entered."""

    ready = Signal(bool)
    forward = Signal()

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk
        looks = walk.desk.looks
        self.title = Text("", "text", BODY_PX, SEMIBOLD)
        self.said = ElidedText("", "muted")
        self.fits = RankTable(looks, self._fit_columns(), self.tr("Profiles that fit"), TREE_ROW_HEIGHT)
        self.fits.picked.connect(self._pick)
        self.fits.opened.connect(lambda _profile: self.forward.emit())
        self.why = Text("", "muted", wrap=True)
        self.traps = Text("", "muted", wrap=True)
        self.values = RankTable(looks, self._value_columns(), self.tr("What it reads"), TREE_ROW_HEIGHT)
        self._again = QTimer(self)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._try_again)
        self._lay_out()

    def _fit_columns(self) -> tuple[Column, ...]:
        return (
            Column("title", self.tr("Profile"), 0, strong=True),
            Column("score", self.tr("Fits"), 130, "bar", decimals=2),
        )

    def _value_columns(self) -> tuple[Column, ...]:
        return (
            Column("name", self.tr("Value"), 0),
            Column("register", self.tr("Register"), 108, muted=True),
            Column("words", self.tr("Words"), 118, muted=True),
            Column("value", self.tr("Reads as"), 106, "number", strong=True, text=str),
        )

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        for widget in (self.title, self.said):
            widget.setContentsMargins(_MARGIN, 0, _MARGIN, 0)
            column.addWidget(widget)
        column.addSpacing(4)
        column.addWidget(rule())
        column.addWidget(self.fits)
        column.addWidget(rule())
        for widget in (self.why, self.traps):
            widget.setContentsMargins(_MARGIN, 2, _MARGIN, 2)
            column.addWidget(widget)
        column.addWidget(rule())
        column.addWidget(self.values, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.values.setColumnHidden(1, self.width() < _NARROW_PX)  # names need the room more than addresses

    def enter(self) -> None:
        """Asks who it is, unless that is known already."""
        draft = self._walk.draft
        if draft.identified is not None:
            self._show_fits(draft.identified)
            return
        self.title.setText(self.tr("Unit {0}").format(draft.unit))
        self.said.show_text(self.tr("Asking what it is …"))
        self.why.setText("")
        self.traps.hide()
        self.fits.set_rows([], {"title": [], "score": []})
        self._show_values(None, None)
        self.ready.emit(False)
        self._walk.ask(WhoIs(draft.link, draft.unit), self._identified, self._told)

    def leave(self) -> None:
        self._again.stop()

    def _told(self, news: Progress) -> None:
        self.said.show_text(self.tr("{0} of {1} profiles tried").format(news.done, news.total))

    def _identified(self, answer: Answer) -> None:
        if isinstance(answer, Failed):
            self.said.show_text(answer.text)
        elif isinstance(answer, Identified):
            self._walk.draft.identified = answer
            self._show_fits(answer)

    def _show_fits(self, found: Identified) -> None:
        identity = found.identity
        unit = self.tr("Unit {0}").format(self._walk.draft.unit)
        self.title.setText(f"{unit} · {identity.title}" if identity.title else unit)
        told = [f"{name} {text}" for name, text in identity.texts if name not in ("manufacturer", "product")]
        models = ", ".join(str(link.model) for link in identity.models)
        told += [self.tr("SunSpec models {0}").format(models)] if models else []
        nothing = self.tr("It does not tell what it is; its registers have to.")
        self.said.show_text("; ".join(told) or nothing)
        fits = [fit for fit in found.fits if fit.score > 0]
        self.fits.set_rows(
            [fit.profile for fit in fits],
            {"title": [fit.title for fit in fits], "score": [fit.score for fit in fits]},
        )
        rows = min(_FITS_SHOWN, max(1, len(fits)))
        self.fits.setFixedHeight(TABLE_HEADER_HEIGHT + rows * TREE_ROW_HEIGHT + 2)
        if not fits:
            self.why.setText(self.tr("No profile fits. Read its registers in the next step, and write a profile."))
            self.ready.emit(False)
            return
        self.fits.select_id(self._walk.draft.profile or fits[0].profile)
        self.fits.setFocus()

    def _pick(self, name: str) -> None:
        draft = self._walk.draft
        draft.profile = name
        fits = draft.identified.fits if draft.identified else ()
        why = next((fit.reason for fit in fits if fit.profile == name), "")
        self.why.setText(why[:1].upper() + why[1:] + "." if why else "")
        profile = self._walk.desk.site.library.profile(name)
        told = " ".join(profile.traps[:_TRAPS_SHOWN]) or profile.note
        self.traps.setText(" ".join(word for word in (self._confidence(profile), told) if word))
        self.traps.setToolTip("\n".join(profile.traps))
        self.traps.setVisible(bool(self.traps.text()))
        self._show_values(None, None)
        self._try()
        self._again.start()

    def _confidence(self, profile: Profile) -> str:
        """How many of its figures nobody vouches for; "" where that is none."""
        unsure = sum(point.confidence is Confidence.MEMORY for point in profile.points)
        if not unsure:
            return ""
        words = self.tr("{0} of {1} figures are from memory: compare them with the device's own display.")
        return words.format(unsure, len(profile.points))

    def _try_again(self) -> None:
        if self.isVisible() and not self._walk.is_asking and self._walk.draft.profile:
            self._try()

    def _try(self) -> None:
        draft = self._walk.draft
        self._walk.ask(TryProfile(draft.link, draft.unit, draft.profile), self._tried)

    def _tried(self, answer: Answer) -> None:
        if isinstance(answer, Failed):
            self.why.setText(answer.text)
            self.ready.emit(False)
        elif isinstance(answer, Tried):
            self._show_values(answer.profile, answer.readout)
            self.ready.emit(any(not span.error for span in answer.readout.answers))

    def _show_values(self, profile: Profile | None, readout: Readout | None) -> None:
        if profile is None or readout is None:
            self.values.set_rows([], {"name": [], "register": [], "words": [], "value": []})
            return
        points = points_of(profile, "new")
        read = zip(points, readout.value, readout.status, strict=True)
        self.values.set_rows(
            [point.quantity for point in profile.points],
            {
                "name": [point.name for point in profile.points],
                "register": [f"{point.table.value[:7]} {point.address}" for point in profile.points],
                "words": [_hex(readout, point) for point in profile.points],
                "value": [
                    reason_text(int(status)) if value != value else point_value(point, float(value))
                    for point, value, status in read
                ],
            },
            muted=[point.quantity for point in profile.points if point.confidence is Confidence.MEMORY],
        )


def _hex(readout: Readout, point: ProfilePoint) -> str:
    """The words of a value as they came; "" where they did not come, or stand elsewhere on a SunSpec device."""
    for answer in readout.answers:
        span, first = answer.span, point.address - answer.span.address
        if span.table is point.table and answer.words and first >= 0 and first + point.words <= span.count:
            words = answer.words[first : first + point.words]
            return " ".join(f"{word:04X}" for word in words[:_WORDS_SHOWN]) + (
                " …" if point.words > _WORDS_SHOWN else ""
            )
    return ""

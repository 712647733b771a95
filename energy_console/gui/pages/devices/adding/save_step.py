"""Last step: name and place of the device, what will be written, and the writing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from energy_console.gui.pages.devices.adding.walk import Walk
from energy_console.gui.parts.card import rule
from energy_console.gui.parts.choice import Choice
from energy_console.gui.parts.text import Text, caption, strong
from energy_console.site.adding import BACK_UP, Addition, CannotAdd, NewDevice, NewLink, link_at, prepare, write
from energy_console.site.faults import SiteFaults
from energy_console.site.model import Area

_MARGIN = 11
_WAIT_MS = 250  # after the last key, until the site is looked at with the device in it
_FAULTS_SHOWN = 4
# kind of a profile -> where such a device usually belongs
_AREAS = {
    "cabinet": Area.LIGHTING,
    "charger": Area.CHARGING,
    "charger_station": Area.CHARGING,
    "environment": Area.AIR,
    "heat_controller": Area.HEAT,
    "heat_meter": Area.HEAT,
    "inverter": Area.SOLAR,
    "ops": Area.PORT,
    "water_meter": Area.WATER,
}


class SaveStep(QWidget):
    """`ready` tells whether the addition was checked and may be written; `saved` carries device id and a sentence."""

    ready = Signal(bool)
    saved = Signal(str, str)

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self._walk = walk
        self._addition: Addition | None = None
        self._asked = 0
        self.device = QLineEdit()
        self.name = QLineEdit()
        self.link = QLineEdit()
        self.area = Choice(walk.desk.looks, self.tr("Area it belongs to"))
        self.area.addItems(list(Area))
        self.every = QLineEdit("5")
        self.node = Choice(walk.desk.looks, self.tr("Grid node its power counts to"))
        self.node.addItem(self.tr("none"), "")
        for node in walk.desk.site.nodes:
            self.node.addItem(f"{node.id} · {node.name}", node.id)
        self.preview = Text("", "text", wrap=True)
        self.verdict = Text("", "muted", wrap=True)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_WAIT_MS)
        self._wait.timeout.connect(self.check)
        self._lay_out()
        for line in (self.device, self.name, self.link, self.every):
            line.textChanged.connect(self._changed)
        self.area.currentIndexChanged.connect(self._changed)
        self.node.currentIndexChanged.connect(self._changed)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(_MARGIN, 12, _MARGIN, 8)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        self._link_name = caption(self.tr("New link, name"))
        fields = (
            (caption(self.tr("Device")), self.device, self.tr("Short name of the device, such as M7")),
            (caption(self.tr("Name")), self.name, self.tr("Name in words")),
            (caption(self.tr("Area")), self.area, self.tr("Area it belongs to")),
            (caption(self.tr("Read every, s")), self.every, self.tr("Seconds from one reading to the next")),
            (caption(self.tr("Grid node")), self.node, self.tr("Grid node its power counts to")),
            (self._link_name, self.link, self.tr("Name of the link that the site does not have yet")),
        )
        for row, (label, field, name) in enumerate(fields):
            field.setAccessibleName(name)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(grid)
        column.addWidget(rule())
        head = strong(self.tr("What will be written"))
        for widget in (head, self.preview, self.verdict):
            widget.setContentsMargins(_MARGIN, 2, _MARGIN, 2)
            column.addWidget(widget)
        column.addStretch(1)

    def enter(self) -> None:
        """Proposes a name that is free and what the profile is called."""
        draft, site = self._walk.draft, self._walk.desk.site
        taken = {device.id for device in site.devices}
        if not self.device.text() or self.device.text() in taken:
            self.device.setText(next(f"D{number}" for number in range(1, len(taken) + 2) if f"D{number}" not in taken))
        profile = site.library.profile(draft.profile)
        self.name.setText(profile.title)
        self.name.setCursorPosition(0)
        self.area.setCurrentText(_AREAS.get(profile.kind, Area.BUILDINGS))
        is_new = self._link_of_site() is None
        self._link_name.setVisible(is_new)
        self.link.setVisible(is_new)
        if is_new and not self.link.text():
            self.link.setText("link-new")
        self.device.setFocus()
        self.device.selectAll()
        self.check()

    def _link_of_site(self) -> str | None:
        link, site = self._walk.draft.link, self._walk.desk.site
        return link if any(link == known.id for known in site.links) else link_at(site, link)

    def _changed(self) -> None:
        self._addition = None
        self._asked += 1  # an answer that is under way is about what stood there before
        self.ready.emit(False)
        self._wait.start()

    def check(self) -> None:
        """Looks at the site with the device in it, on a worker; the newest look counts."""
        self._wait.stop()
        self._asked += 1
        asked, folder = self._asked, Path(self._walk.desk.site.folder)
        every_s = _seconds(self.every.text())
        if every_s is None:
            self._judge(self.tr("Write the seconds from one reading to the next as a number, such as 5."))
            return
        device, link = self._wanted(every_s)

        def look(_store: object) -> Addition:
            return prepare(folder, device, link)

        def answer(found: object) -> None:
            if asked == self._asked:
                self._judge(found)

        self._walk.desk.query(look, answer)

    def _wanted(self, every_s: float) -> tuple[NewDevice, NewLink | None]:
        draft = self._walk.draft
        known = self._link_of_site()
        link = None if known else NewLink(self.link.text().strip(), draft.link)
        device = NewDevice(
            id=self.device.text().strip(),
            name=self.name.text().strip(),
            area=self.area.currentText(),
            link=known or self.link.text().strip(),
            unit=draft.unit,
            profile=draft.profile,
            every_s=every_s,
            node=self.node.currentData(),
        )
        return device, link

    def _judge(self, found: object) -> None:
        self._addition = found if isinstance(found, Addition) else None
        self.ready.emit(self._addition is not None)
        if isinstance(found, Addition):
            lines = [f"{change.path.name}:  {line}" for change in found.changes for line in change.shown]
            self.preview.setText("\n".join(lines))
            folder = Path(self._walk.desk.site.folder)
            words = self.tr("Checked: the site in {0} is sound with it. The files as they are stay beside them as {1}.")
            self.verdict.setText(words.format(folder, f"*{BACK_UP}"))
            return
        self.preview.setText(self.tr("Nothing yet."))
        if isinstance(found, SiteFaults):
            self.verdict.setText("\n".join(f"{fault}." for fault in found.faults[:_FAULTS_SHOWN]))
        else:
            self.verdict.setText(str(found))

    def save(self) -> None:
        """Writes what was shown, on a worker."""
        addition = self._addition
        if addition is None:
            return
        self.ready.emit(False)

        def answer(found: object) -> None:
            if isinstance(found, tuple):
                self._addition = None
                self.saved.emit(addition.device.id, self._sentence(addition, found))
            else:
                self.verdict.setText(str(found))
                if not isinstance(found, CannotAdd):
                    self.ready.emit(True)

        self._walk.desk.query(lambda _store: write(addition), answer)

    def _sentence(self, addition: Addition, back_ups: tuple[Path, ...]) -> str:
        files = ", ".join(change.path.name for change in addition.changes)
        names = ", ".join(path.name for path in back_ups)
        words = self.tr("{0} is in {1}. Start the console anew to read it. As it was: {2}.")
        return words.format(addition.device.id, files, names)


def _seconds(text: str) -> float | None:
    """A number above zero, in either way of writing decimals; None for anything else."""
    try:
        seconds = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None

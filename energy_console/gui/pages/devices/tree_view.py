"""The tree of links and devices. Each row is painted in one call from the newest device states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyleOptionViewItem, QTreeView

from energy_console.engine.link import AlarmView, DeviceState
from energy_console.gui.desk import Desk
from energy_console.gui.pages.devices.field_rows import DeviceRow, Group, LinkSums, sort_of, sums_of
from energy_console.gui.pages.devices.tree_model import FOLD, FieldModel
from energy_console.gui.pages.devices.tree_painter import (
    ERRORS,
    LAST,
    LOST,
    NAME,
    PROFILE,
    STATE,
    TRIP,
    UNIT,
    RowPainter,
    Shape,
)
from energy_console.gui.theme import CAPTION_PX, TABLE_HEADER_HEIGHT, font

# px at 100 %; the name stretches
_WIDTHS = {PROFILE: 206, UNIT: 66, STATE: 144, LAST: 84, TRIP: 60, ERRORS: 116, LOST: 60}
_NARROW = {PROFILE: 0, ERRORS: 0}  # left out first when there is no room
_NARROW_BELOW_PX = 760
_COMFORTABLE_PX = 940  # from here on what is more goes to the state first
_STATE_MORE_PX = 110


class FieldTree(QTreeView):
    """`picked` carries a device id, `unfold` a link whose folded devices are wanted, `trend` point ids."""

    picked = Signal(str)
    unfold = Signal(str)
    trend = Signal(list)

    def __init__(self, desk: Desk, rows: Mapping[str, DeviceRow]) -> None:
        super().__init__()
        self._desk = desk
        self._rows = rows
        self._of_link: dict[str, list[str]] = {link.id: [] for link in desk.site.links}
        for row in rows.values():
            self._of_link[row.link].append(row.id)
        self._sums: dict[str, LinkSums] = {}
        self._alarms: dict[str, Shape] = {}
        self._open: set[str] = set()
        self._closed: set[str] = set()
        self._power_points = _power_points(desk)
        self.field_model = FieldModel(self._titles(), frozenset((LAST, TRIP, LOST)), self._power_points, self)
        self.setModel(self.field_model)
        self.setAccessibleName(self.tr("Links and devices"))
        self._set_up()
        self.selectionModel().selectionChanged.connect(self._chosen)
        self.activated.connect(self._activate)
        self.clicked.connect(self._clicked)
        self.expanded.connect(lambda index: self._remember(index, True))
        self.collapsed.connect(lambda index: self._remember(index, False))
        desk.looks.changed.connect(self.viewport().update)

    def _titles(self) -> list[str]:
        return [
            "      " + self.tr("Device"),
            self.tr("Profile"),
            self.tr("Unit"),
            self.tr("State"),
            self.tr("Last answer"),
            self.tr("RTT ms"),
            self.tr("Lost, recent"),
            self.tr("lost %"),
        ]

    def _set_up(self) -> None:
        self.setUniformRowHeights(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(True)
        self.setExpandsOnDoubleClick(False)
        self.setAllColumnsShowFocus(True)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.header()
        header.setFixedHeight(TABLE_HEADER_HEIGHT)
        header.setFont(font(CAPTION_PX))
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in _WIDTHS.items():
            header.resizeSection(column, width)

    def show_field(self, groups: list[Group], states: Mapping[str, DeviceState], *, unfold_all: bool) -> None:
        """Puts the rows in and redraws; what was open, selected and in view stays so."""
        self._sums = {link: sums_of(devices, states) for link, devices in self._of_link.items()}
        self._alarms = shapes_of(self._desk.alarms)
        selected, place = self.selected_devices(), self.verticalScrollBar().value()
        if self.field_model.show_groups(groups):
            self._unfold(groups, states, unfold_all)
            self.select(selected, scroll=False)
            self.verticalScrollBar().setValue(place)
        self.viewport().update()

    def _unfold(self, groups: list[Group], states: Mapping[str, DeviceState], unfold_all: bool) -> None:
        """Opens links with something that deviates, those a person opened, and all while a filter is on."""
        self.blockSignals(True)
        for place, group in enumerate(groups):
            deviates = any(sort_of(states[device]) != "fine" for device in group.devices if device in states)
            wanted = unfold_all or group.link in self._open or (deviates and group.link not in self._closed)
            self.setExpanded(self.field_model.index(place, 0), wanted)
        self.blockSignals(False)

    def _remember(self, index: QModelIndex, opened: bool) -> None:
        link = self.field_model.group_at(index).link
        (self._open if opened else self._closed).add(link)
        (self._closed if opened else self._open).discard(link)

    def selected_devices(self) -> list[str]:
        found = [self.field_model.device_at(index) for index in self.selectionModel().selectedRows()]
        return [device for device in found if device not in ("", FOLD)]

    def select(self, devices: list[str], *, scroll: bool = True) -> bool:
        """Selects devices that are listed, opening their links; False where none of them is."""
        found = [index for device in devices if (index := self.field_model.index_of(device)).isValid()]
        for place, index in enumerate(found):
            self.setExpanded(index.parent(), True)
            if place == 0:
                self.setCurrentIndex(index)
            else:
                flags = self.selectionModel().SelectionFlag
                self.selectionModel().select(index, flags.Select | flags.Rows)
            if scroll:
                self.scrollTo(index)
        return bool(found)

    def points_selected(self) -> list[str]:
        return [point for device in self.selected_devices() for point in self._power_points.get(device, ())]

    def _chosen(self, _on: QItemSelection, _off: QItemSelection) -> None:
        if devices := self.selected_devices():
            self.picked.emit(devices[0])

    def _clicked(self, index: QModelIndex) -> None:
        """One click opens and closes a link, or unfolds what is folded."""
        if self.field_model.device_at(index) in ("", FOLD):
            self._activate(index)

    def _activate(self, index: QModelIndex) -> None:
        device = self.field_model.device_at(index)
        if device == FOLD:
            self.unfold.emit(self.field_model.group_at(index).link)
        elif not device:
            first = index.siblingAtColumn(0)
            self.setExpanded(first, not self.isExpanded(first))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_T and not event.modifiers() and (points := self.points_selected()):
            self.trend.emit(points)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        narrow = self.width() < _NARROW_BELOW_PX
        for column in _NARROW:
            self.setColumnHidden(column, narrow)
        spare = max(0, self.width() - _COMFORTABLE_PX)
        self.header().resizeSection(STATE, _WIDTHS[STATE] + min(spare, _STATE_MORE_PX))

    def drawRow(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = self._desk.looks.theme
        header = self.header()
        top, height = option.rect.top(), option.rect.height()
        cells = [
            QRectF(header.sectionViewportPosition(column), top, header.sectionSize(column), height)
            for column in range(len(_WIDTHS) + 1)
        ]
        device = self.field_model.device_at(index)
        whole = QRectF(0, top, self.viewport().width(), height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.selectionModel().isSelected(self.field_model.index(index.row(), 0, index.parent())) and device != FOLD:
            painter.fillRect(whole, theme.selected)
            painter.fillRect(QRectF(0, top, 3, height), theme.accent)
        elif not device:
            painter.fillRect(whole, theme.raised)
        draw = RowPainter(painter, theme, self._desk.shown_ns(), self._alarms)
        group = self.field_model.group_at(index)
        if not device:
            draw.link(cells, group, self._sums[group.link], self.isExpanded(index))
        elif device == FOLD:
            draw.folded(cells, group)
        else:
            draw.device(cells, self._rows[device], self._desk.devices.get(device))
        draw.rule([whole], strong=not device)
        painter.restore()


def shapes_of(alarms: Sequence[AlarmView]) -> dict[str, Shape]:
    """The most urgent open alarm of each device, by device id."""
    found: dict[str, Shape] = {}
    for alarm in alarms:
        device, shape = alarm.source.partition("/")[0], (alarm.priority, alarm.state)
        found[device] = min(shape, found.get(device, shape))
    return found


def _power_points(desk: Desk) -> dict[str, list[str]]:
    """What a device stands for when it is dragged or trended: its power, or its first point."""
    found: dict[str, list[str]] = {}
    for point in desk.site.points:
        if point.quantity in ("power_kw", "generation_kw", "heat_power_kw"):
            found[point.device] = [point.id]
        else:
            found.setdefault(point.device, [point.id])
    return found

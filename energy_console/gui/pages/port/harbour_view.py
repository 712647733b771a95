"""The harbour as a picture one can click, walk through by keys, and drag points out of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsScene, QGraphicsView, QToolTip

from energy_console.gui.pages.port.cell import CellLook, rounded_share
from energy_console.gui.pages.port.harbour_items import BasinItem, PointCell, QuayItem, ShipItem, ShipLook, StationItem
from energy_console.gui.pages.port.layout import Harbour, ShipPlace, lay_out, place_ships
from energy_console.gui.pages.port.words import state_words
from energy_console.gui.parts.point_drag import points_mime
from energy_console.gui.theme import Looks
from energy_console.live.port import FleetNow, PointState, ShipNow, ShipState, points_of_station
from energy_console.site.model import AccessPoint, Site

_NARROW_PX = 900  # below this ids of free stations and names of short ships are left out
_SHORT_SHIP_PX = 60


@dataclass(frozen=True, slots=True)
class Pick:
    """What is selected: a station, one of its points, and the call that lies there ("" for none)."""

    station: str
    point: str
    call: str = ""


@dataclass(frozen=True, slots=True)
class HarbourNow:
    """What the picture shows at one moment."""

    fleet: FleetNow
    ships: tuple[ShipNow, ...]
    priorities: Mapping[str, int]  # worst open alarm by device
    quay_lines: Mapping[str, str]  # kind and power under a quay's name


class HarbourView(QGraphicsView):
    """`picked` when the selection moves, `opened` on a click or Enter, `trend` with point ids on T."""

    picked = Signal(object)  # Pick
    opened = Signal(object)  # Pick
    trend = Signal(list)

    def __init__(self, site: Site, looks: Looks) -> None:
        super().__init__()
        self._site = site
        self._looks = looks
        self._points = points_of_station(site)
        self._stations = {station.id: station for station in site.stations}
        self._access = {point.id: point for point in site.access_points}
        self._order = _walk(site)
        self._now: HarbourNow | None = None
        self._pick: Pick | None = None
        self._press: QPoint | None = None
        self._harbour: Harbour | None = None
        self._quays: dict[str, QuayItem] = {}
        self._station_items: dict[str, StationItem] = {}
        self._cells: dict[str, PointCell] = {}
        self._ships: dict[str, ShipItem] = {}
        self.repainted = 0  # items drawn anew by the last `show_now`
        self._set_up()

    def _set_up(self) -> None:
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Harbour map"))
        self.setAccessibleDescription(
            self.tr("Arrow keys move along the quay, Tab to the next quay, Enter opens, T shows trends.")
        )
        self._looks.changed.connect(self._recolour)
        self._recolour()

    # building

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._build()

    def _recolour(self) -> None:
        self.setBackgroundBrush(self._looks.theme.surface)
        for item in self.scene().items():
            item.update()

    def _build(self) -> None:
        """Stands everything anew for the size of the viewport."""
        size = self.viewport().size()
        scene = self.scene()
        scene.clear()
        self._ships = {}
        scene.setSceneRect(0, 0, size.width(), size.height())
        site, looks = self._site, self._looks
        harbour = lay_out(site.quays, site.stations, self._points, size.width(), size.height())
        self._harbour = harbour
        scene.addItem(BasinItem(looks, harbour))
        self._quays = {quay: QuayItem(looks, place) for quay, place in harbour.quays.items()}
        roomy = size.width() >= _NARROW_PX
        self._station_items = {
            station: StationItem(looks, place, label_free=roomy) for station, place in harbour.stations.items()
        }
        self._cells = {
            point: PointCell(looks, point, rect) for place in harbour.stations.values() for point, rect in place.cells
        }
        for item in (*self._quays.values(), *self._station_items.values(), *self._cells.values()):
            scene.addItem(item)
        if self._now is not None:
            self.show_now(self._now)

    # showing

    @property
    def harbour(self) -> Harbour | None:
        return self._harbour

    def cell(self, point: str) -> PointCell:
        return self._cells[point]

    def ship(self, call: str) -> ShipItem | None:
        return self._ships.get(call)

    def show_now(self, now: HarbourNow) -> None:
        """Shows a moment; items whose look is the same are left as they are."""
        self._now = now
        self.repainted = 0
        if self._harbour is None:
            return
        for quay, item in self._quays.items():
            item.show_line(now.quay_lines.get(quay, ""))
        for row, point in enumerate(self._site.access_points):
            self.repainted += self._cells[point.id].show_look(self._cell_look(now, row, point))
        self._show_stations(now)
        self._show_ships(self._harbour, now)

    def _cell_look(self, now: HarbourNow, row: int, point: AccessPoint) -> CellLook:
        state = PointState(int(now.fleet.state[row]))
        cell = self._cells[point.id]
        supplying = state is PointState.SUPPLYING
        share = rounded_share(float(now.fleet.power_kw[row]), point.rated_kw, cell.boundingRect().height() - 4)
        priority = now.priorities.get(point.device, 2) if state is PointState.TRIPPED else 0
        return CellLook(state, share if supplying else 0.0, priority)

    def _show_stations(self, now: HarbourNow) -> None:
        free = {point.id for row, point in enumerate(self._site.access_points) if now.fleet.state[row] == 0}
        chosen = self._pick.station if self._pick else ""
        for station, item in self._station_items.items():
            in_use = any(point.id not in free for point in self._points[station])
            item.show_state(in_use=in_use, selected=station == chosen)

    def _show_ships(self, harbour: Harbour, now: HarbourNow) -> None:
        by_call = {ship.call.id: ship for ship in now.ships}
        places = place_ships(harbour, [ship.call for ship in now.ships], self._stations)
        for call in [call for call in self._ships if call not in by_call]:
            self.scene().removeItem(self._ships.pop(call))
        for place in places:
            look = self._ship_look(harbour, place, by_call[place.call.id])
            item = self._ships.get(place.call.id)
            if item is None:
                item = self._ships[place.call.id] = ShipItem(self._looks, look)
                self.scene().addItem(item)
                self.repainted += 1
            else:
                self.repainted += item.show_look(look)

    def _ship_look(self, harbour: Harbour, place: ShipPlace, ship: ShipNow) -> ShipLook:
        station = harbour.stations[place.call.station]
        cables = []
        hull_y = place.hull.y if place.water_below else place.hull.bottom
        live = ship.state is ShipState.SUPPLIED
        if ship.state not in (ShipState.OWN_ENGINES, ShipState.UNKNOWN):
            for point, rect in station.cells:
                if point in place.call.points:
                    end_x = min(max(rect.middle_x, place.hull.x + 2), place.hull.right - 4)
                    cables.append(((rect.middle_x, station.foot_y), (end_x, hull_y), live))
        roomy = harbour.width >= _NARROW_PX or place.hull.w >= _SHORT_SHIP_PX
        selected = self._pick is not None and self._pick.call == place.call.id
        return ShipLook(place, place.call.ship, ship.state, tuple(cables), selected, roomy or selected)

    # selecting

    @property
    def pick(self) -> Pick | None:
        return self._pick

    def select(self, pick: Pick | None) -> None:
        """Marks what is selected, without telling so."""
        self._pick = pick
        if self._now is not None:
            self.show_now(self._now)
        if pick is not None:
            self.setAccessibleDescription(self.describe(pick.point))

    def pick_point(self, point: str) -> Pick:
        """The point with its station and the ship that lies there."""
        return Pick(self._access[point].station, point, self._call_at(point))

    def _call_at(self, point: str) -> str:
        if self._now is None:
            return ""
        station = self._access[point].station
        here = [ship.call for ship in self._now.ships if ship.call.station == station]
        for call in here:
            if point in call.points:
                return call.id
        return here[0].id if len(here) == 1 and not here[0].points else ""

    def describe(self, point: str) -> str:
        """One point in words: id, what it does, power of rating, ship."""
        if self._now is None:
            return point
        row = self._site.access_points.index(self._access[point])
        state = PointState(int(self._now.fleet.state[row]))
        words = [point, state_words()[state]]
        if state is PointState.SUPPLYING:
            power = float(self._now.fleet.power_kw[row])
            words.append(self.tr("{0:.0f} of {1:.0f} kW").format(power, self._access[point].rated_kw))
        call = self._call_at(point)
        words += [ship.call.ship for ship in self._now.ships if ship.call.id == call]
        return " · ".join(words)

    def _tell(self, pick: Pick) -> None:
        self.select(pick)
        self.picked.emit(pick)

    # mouse

    def _hit(self, position: QPoint) -> Pick | None:
        """What is under a position of the viewport: a cell, a ship, or the nearest cell of a station."""
        items = self.items(position)
        for item in items:
            if isinstance(item, PointCell):
                return self.pick_point(item.point)
        for item in items:
            if isinstance(item, ShipItem):
                call = item.look.place.call
                points = call.points or tuple(point.id for point in self._points[call.station])
                return Pick(call.station, points[0], call.id)
        for item in items:
            if isinstance(item, StationItem):
                return self.pick_point(self._points[item.place.station][0].id)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._press = event.position().toPoint()
        if (pick := self._hit(self._press)) is not None:
            self._tell(pick)
            self.opened.emit(pick)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position().toPoint()
        if event.buttons() & Qt.MouseButton.LeftButton and self._press is not None and self._pick is not None:
            if (position - self._press).manhattanLength() >= QApplication.startDragDistance():
                self._press = None
                self._drag(self._pick)
            return
        hit = self._hit(position)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hit else Qt.CursorShape.ArrowCursor)
        if hit is None:
            QToolTip.hideText()
        else:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(hit.point), self)

    def _drag(self, pick: Pick) -> None:
        drag = QDrag(self)
        drag.setMimeData(points_mime([f"{self._access[pick.point].device}/power_kw"]))
        drag.exec(Qt.DropAction.CopyAction)

    # keys

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        by_tab = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self._pick is None and by_tab and self._order:
            first = self._order[0] if event.reason() == Qt.FocusReason.TabFocusReason else self._order[-1]
            self._tell(self.pick_point(first[0]))

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab walks from quay to quay, and leaves the picture after the last one."""
        if self._pick is not None:
            row = self._row_of(self._pick.point) + (1 if forward else -1)
            if 0 <= row < len(self._order):
                self._tell(self.pick_point(self._nearest(self._order[row], self._pick.point)))
                return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._pick is not None:
            self.opened.emit(self._pick)
        elif key == Qt.Key.Key_T and not event.modifiers() and self._pick is not None:
            self.trend.emit([f"{self._access[self._pick.point].device}/power_kw"])
        elif (target := self._target(key)) is not None:
            self._tell(self.pick_point(target))
        else:
            super().keyPressEvent(event)

    def _target(self, key: Qt.Key) -> str | None:
        """Where a key moves the selection to."""
        if not self._order:
            return None
        if self._pick is None:
            return self._order[0][0] if key in _STEPS else None
        row = self._row_of(self._pick.point)
        quay = self._order[row]
        place = quay.index(self._pick.point)
        match key:
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                step = -1 if key == Qt.Key.Key_Left else 1
                return quay[min(max(place + step, 0), len(quay) - 1)]
            case Qt.Key.Key_Home:
                return quay[0]
            case Qt.Key.Key_End:
                return quay[-1]
            case Qt.Key.Key_Up | Qt.Key.Key_Down:
                row = min(max(row + (-1 if key == Qt.Key.Key_Up else 1), 0), len(self._order) - 1)
                return self._nearest(self._order[row], self._pick.point)
        return None

    def _row_of(self, point: str) -> int:
        return next(row for row, quay in enumerate(self._order) if point in quay)

    def _nearest(self, quay: tuple[str, ...], point: str) -> str:
        """The point of another quay that stands nearest along the drawing."""
        if point in quay or self._harbour is None:
            return point if point in quay else quay[0]
        x = self._cells[point].x()
        return min(quay, key=lambda candidate: abs(self._cells[candidate].x() - x))


_STEPS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


def _walk(site: Site) -> tuple[tuple[str, ...], ...]:
    """Access points by quay from the top of the drawing, each from left to right; quays without any left out."""
    points = points_of_station(site)
    rows = []
    for quay in sorted(site.quays, key=lambda quay: quay.order):
        stations = sorted((s for s in site.stations if s.quay == quay.id), key=lambda s: s.position_m)
        rows.append(tuple(point.id for station in stations for point in points[station.id]))
    return tuple(row for row in rows if row)

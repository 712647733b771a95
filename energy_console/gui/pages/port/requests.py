"""What may be asked of a ship from shore: less load, or to take its load back. A person confirms; the ship decides."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QHBoxLayout, QVBoxLayout, QWidget

from energy_console.gui.parts.button import Button
from energy_console.gui.parts.text import Text, muted, title
from energy_console.gui.theme import Looks

LOAD_REDUCTION = "request_load_reduction_kw"
TRANSFER_BACK = "request_transfer_back"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the point to write and the value."""

    point: str
    value: float


class RequestDialog(QDialog):
    """One question with its consequence in words. `sent` carries the Request when a person confirms."""

    sent = Signal(object)

    def __init__(
        self, looks: Looks, parent: QWidget, device: str, quantity: str, ship: str, power_kw: float, announced_kw: float
    ) -> None:
        super().__init__(parent)
        self._point = f"{device}/{quantity}"
        self._amount: QDoubleSpinBox | None = None
        reduce = quantity == LOAD_REDUCTION
        head = self.tr("Request load reduction") if reduce else self.tr("Request transfer back")
        self.setWindowTitle(head)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setMinimumWidth(420)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(title(head))
        column.addWidget(Text(self._words(reduce, device, ship, power_kw), wrap=True))
        if reduce:
            column.addLayout(self._amount_row(power_kw, announced_kw))
        column.addWidget(Text(self._fine_print(), "muted", wrap=True))
        column.addSpacing(4)
        column.addLayout(self._buttons(looks, reduce))

    def _words(self, reduce: bool, device: str, ship: str, power_kw: float) -> str:
        if reduce:
            text = self.tr("{0} takes {1:.0f} kW at {2}. The ship is asked to take less by the amount below.")
        else:
            text = self.tr(
                "{0} takes {1:.0f} kW at {2}. The ship is asked to start its engines and take its load back."
            )
        return text.format(ship, power_kw, device)

    def _fine_print(self) -> str:
        return self.tr("Breakers are operated on board: the crew decides whether and when. The request is journalled.")

    def _amount_row(self, power_kw: float, announced_kw: float) -> QHBoxLayout:
        self._amount = QDoubleSpinBox()
        self._amount.setDecimals(0)
        self._amount.setRange(1.0, max(1.0, power_kw, announced_kw))
        self._amount.setSingleStep(10.0)
        self._amount.setValue(max(1.0, round(power_kw * 0.2 / 10.0) * 10.0))
        self._amount.setSuffix(" kW")
        self._amount.setAccessibleName(self.tr("Reduction asked for"))
        row = QHBoxLayout()
        row.addWidget(muted(self.tr("Less by")))
        row.addWidget(self._amount)
        row.addStretch(1)
        return row

    def _buttons(self, looks: Looks, reduce: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = Button(looks, self.tr("Cancel"), on_click=self.reject)
        words = self.tr("Send the request")
        self.send_button = Button(looks, words, look="primary", on_click=self._send)
        cancel.setDefault(True)
        row.addWidget(cancel)
        row.addWidget(self.send_button)
        return row

    @property
    def amount(self) -> QDoubleSpinBox | None:
        return self._amount

    def _send(self) -> None:
        self.sent.emit(Request(self._point, self._amount.value() if self._amount else 1.0))
        self.accept()

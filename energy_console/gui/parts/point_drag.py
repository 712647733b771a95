"""Dragging points: what is named on one page can be dropped on Trends."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData

POINTS_MIME = "application/x-energy-points"


def points_mime(points: Iterable[str]) -> QMimeData:
    """Point ids, one a line; also as plain text, for a drop into other programs."""
    made = QMimeData()
    text = "\n".join(points)
    made.setData(POINTS_MIME, text.encode())
    made.setText(text)
    return made


def dragged_points(mime: QMimeData) -> list[str]:
    """The point ids in a drag; empty if it carries none."""
    if not mime.hasFormat(POINTS_MIME):
        return []
    return [line for line in bytes(mime.data(POINTS_MIME).data()).decode().splitlines() if line]

"""The theme as a Qt style sheet: what a palette cannot say about stock widgets.

Parts mark themselves by properties: `tone` (text colour), `look` (kind of button, frame or field).
"""

from __future__ import annotations

from collections.abc import Mapping

_SHEET = """
QWidget {{ outline: none; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px 6px; }}
QLabel[tone="muted"] {{ color: {muted}; }}
QLabel[tone="faint"] {{ color: {faint}; }}
QLabel[tone="accent"] {{ color: {accent}; }}
QLabel[look="tag"] {{ border: 1px solid {line}; border-radius: {radius}px; padding: 1px 6px; }}
QFrame[look="card"] {{ background: {surface}; border: 1px solid {line}; border-radius: {card_radius}px; }}
QFrame[look="surface"], QWidget[look="surface"] {{ background: {surface}; }}
QFrame[look="raised"] {{ background: {raised}; border-top: 1px solid {line}; }}
QFrame[look="rule"] {{ background: {grid}; border: none; }}
QFrame[look="line"] {{ background: {line}; border: none; }}

QPushButton {{ background: {raised}; color: {text}; border: 1px solid {line}; border-radius: {radius}px;
  padding: 0 10px; min-height: 24px; }}
QPushButton:hover {{ border-color: {faint}; }}
QPushButton:pressed {{ background: {selected}; }}
QPushButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {faint}; border-color: {grid}; }}
QPushButton:checked {{ background: {selected}; border-color: {accent}; }}
QPushButton[look="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 500; }}
QPushButton[look="primary"]:focus {{ border-color: {text}; }}
QPushButton[look="primary"]:disabled {{ background: {raised}; color: {faint}; border-color: {line}; }}
QPushButton[look="card"] {{ min-height: 20px; padding: 0 8px; }}
QPushButton[look="link"] {{ background: transparent; border: none; color: {accent}; padding: 0; }}
QPushButton[look="link"]:hover, QPushButton[look="link"]:focus {{ text-decoration: underline; }}
QPushButton[look="plain"] {{ background: transparent; border: 1px solid transparent; padding: 0 4px; }}
QPushButton[look="plain"]:hover {{ background: {raised}; }}
QPushButton[look="plain"]:focus {{ border-color: {accent}; }}
QPushButton[look="icon"] {{ padding: 0; min-width: 24px; max-width: 24px; }}
QPushButton[segment="first"] {{ border-top-right-radius: 0; border-bottom-right-radius: 0; }}
QPushButton[segment="middle"] {{ border-radius: 0; border-left: none; }}
QPushButton[segment="last"] {{ border-top-left-radius: 0; border-bottom-left-radius: 0; border-left: none; }}
QPushButton[segment="first"], QPushButton[segment="middle"], QPushButton[segment="last"],
QPushButton[segment="only"] {{ background: {surface}; }}
QPushButton[segment]:checked {{ background: {selected}; border: 1px solid {accent}; font-weight: 500; }}
QPushButton[segment]:focus {{ color: {accent}; }}

QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox, QDateTimeEdit, QPlainTextEdit {{ background: {field}; color: {text};
  border: 1px solid {line}; border-radius: {radius}px; padding: 0 8px; min-height: 24px;
  selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QDateTimeEdit:focus {{ border-color: {accent}; }}
QDateTimeEdit[look="quiet"]::up-button, QDateTimeEdit[look="quiet"]::down-button {{ width: 0; border: none; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QLineEdit[look="bare"] {{ border: none; background: transparent; min-height: 42px; padding: 0 14px; }}
QCheckBox {{ color: {text}; spacing: 6px; }}
QCheckBox:disabled {{ color: {faint}; }}

QTableView, QTreeView, QListView {{ background: {surface}; color: {text}; border: none; gridline-color: {grid};
  selection-background-color: {selected}; selection-color: {text}; alternate-background-color: {surface}; }}
QHeaderView {{ background: {raised}; border: none; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: none; border-bottom: 1px solid {line};
  padding: 0 6px; font-weight: 400; font-size: 11px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QSplitter::handle {{ background: transparent; }}
QMenu {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 4px 24px 4px 12px; border-radius: {radius}px; }}
QMenu::item:selected {{ background: {selected}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
QCalendarWidget QWidget {{ alternate-background-color: {raised}; }}
QCalendarWidget QAbstractItemView {{ background: {field}; selection-background-color: {accent};
  selection-color: {on_accent}; }}
QCalendarWidget QToolButton {{ background: transparent; color: {text}; border: none; padding: 4px 8px; }}
"""


def style_sheet(colours: Mapping[str, str], button_radius: int, card_radius: int) -> str:
    """The whole sheet, in colours by token (`#rrggbb`) and with corners rounded by so many px.

    Raises KeyError for a token that the sheet uses and `colours` does not have.
    """
    return _SHEET.format(**colours, radius=button_radius, card_radius=card_radius)

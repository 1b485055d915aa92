"""The queue as Qt's tables see it: translates the state, decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
)

from upscaler_gui.engine_process import PlannedRow
from upscaler_gui.queue_state import QueueState, Row, State
from upscaler_gui.sentences import told
from upscaler_gui.summary import time_text

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NAME, SIZE, STATE = range(3)
RANGES = 50
"""Removed one after the other at most; the table is filled anew where there are more."""

THUMBNAILS = 1000
"""Kept at most; those of rows in view are made again."""


translate = QCoreApplication.translate


def state_text(row: Row) -> str:
    """What a row is doing, in the user's language."""
    if row.state is State.RUNNING:
        return _running_text(row)
    return {
        State.WAITING: translate("Queue", "waiting"),
        State.DONE: translate("Queue", "done"),
        State.SKIPPED: translate("Queue", "skipped"),
        State.FAILED: translate("Queue", "failed"),
        State.CANCELLED: translate("Queue", "cancelled"),
    }[row.state]


def _running_text(row: Row) -> str:
    done, total = row.steps
    if not total:
        return translate("Queue", "preparing")
    if done == total:
        return translate("Queue", "writing")
    share = f"{min(row.done, 0.99):.0%}"
    return share if row.left is None else f"{share} · {time_text(row.left)}"


def state_detail(row: Row) -> str:
    """The stage, for the line at the bottom and for the tip: tile 3 of 40."""
    done, total = row.steps
    if row.state is not State.RUNNING or not total:
        return state_text(row)
    text = translate("Queue", "frame {done} of {total}") if row.film else translate("Queue", "tile {done} of {total}")
    return text.format(done=done, total=total)


def size_text(row: Row) -> str:
    """768×512 and below it → 3072×2048, as far as it is known."""
    if row.size_in is None:
        return ""
    before = f"{row.size_in[0]}×{row.size_in[1]}"
    return before if row.size_out is None else f"{before}\n→ {row.size_out[0]}×{row.size_out[1]}"


class QueueModel(QAbstractTableModel):
    """Rows of ``QueueState``: thumbnail and name, sizes, state."""

    def __init__(self, state: QueueState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self._thumbnails: dict[Path, QPixmap | None] = {}

    def rowCount(self, parent: Index = ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.state.rows)

    def columnCount(self, parent: Index = ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else 3

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return (translate("Queue", "Name"), translate("Queue", "Size"), translate("Queue", "State"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.state.rows[index.row()]
        match role, index.column():
            case Qt.ItemDataRole.DisplayRole, column:
                return (row.path.name, size_text(row), state_text(row))[column]
            case Qt.ItemDataRole.DecorationRole, 0:
                return self._thumbnails.get(row.path)
            case Qt.ItemDataRole.ToolTipRole, 2 if row.state is State.RUNNING:
                return state_detail(row)
            case Qt.ItemDataRole.ToolTipRole, _:
                return told(row.sentence) or str(row.path)
            case Qt.ItemDataRole.ForegroundRole, 2 if row.state is State.FAILED:
                return failed_colour()
            case Qt.ItemDataRole.UserRole, 2:
                return row.done if row.state is State.RUNNING else None
        return None

    def add(self, paths: Sequence[Path]) -> int:
        """Append what is not there yet, in one go; how many rows that were."""
        new = [path for path in dict.fromkeys(paths) if self.state.where(path) is None]
        if new:
            first = len(self.state.rows)
            self.beginInsertRows(ROOT, first, first + len(new) - 1)
            self.state.add(new)
            self.endInsertRows()
        return len(new)

    def remove(self, numbers: Iterable[int]) -> None:
        """Take rows out, but for one that is running.  The others stay selected if they were."""
        gone = {number for number in numbers if self.state.rows[number].state is not State.RUNNING}
        last_ones = sorted((number for number in gone if number + 1 not in gone), reverse=True)
        if len(last_ones) > RANGES:
            self.beginResetModel()
            self.state.remove(gone)
            self.endResetModel()
            return
        for last in last_ones:
            first = last
            while first - 1 in gone:
                first -= 1
            self.beginRemoveRows(ROOT, first, last)
            self.state.remove(range(first, last + 1))
            self.endRemoveRows()

    def change(self, number: int, **changes: object) -> None:
        """Replace fields of one row."""
        self.state.change(number, **changes)
        self.dataChanged.emit(self.index(number, 0), self.index(number, 2))

    def plan(self, rows: Sequence[PlannedRow]) -> None:
        """Take over what a plan says."""
        for row in rows:
            number = self.state.where(row.source)
            if number is not None:
                self.state.change(
                    number,
                    size_in=row.size_in,
                    size_out=row.size_out,
                    output=row.output,
                    sentence=row.sentence,
                    film=row.film,
                )
        self.changed()

    def changed(self) -> None:
        """Many rows changed at once."""
        if self.state.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.state.rows) - 1, 2))

    def has_thumbnail(self, path: Path) -> bool:
        """One was made, or tried to."""
        return path in self._thumbnails

    def set_thumbnail(self, path: Path, thumbnail: QPixmap | None) -> None:
        """Show a small picture beside a name; None where there is none."""
        self._thumbnails[path] = thumbnail
        if len(self._thumbnails) > THUMBNAILS:
            del self._thumbnails[next(iter(self._thumbnails))]
        number = self.state.where(path)
        if number is not None:
            self.dataChanged.emit(self.index(number, 0), self.index(number, 0), [Qt.ItemDataRole.DecorationRole])


def failed_colour() -> QColor:
    """A red that is read well on the theme's background; the word says it too."""
    dark = QGuiApplication.palette().color(QPalette.ColorRole.Base).lightness() < 128
    return QColor("#ff8a80" if dark else "#b3261e")


class ProgressDelegate(QStyledItemDelegate):
    """A bar in the cells of rows that run."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        done = index.data(Qt.ItemDataRole.UserRole)
        if done is None:
            super().paint(painter, option, index)
            return
        bar = QStyleOptionProgressBar()
        bar.rect = option.rect.adjusted(3, 12, -3, -12)
        bar.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Horizontal
        bar.palette = option.palette
        bar.fontMetrics = option.fontMetrics
        bar.minimum, bar.maximum = 0, 1000
        bar.progress = round(1000 * done)
        bar.text = str(index.data())
        bar.textVisible = True
        bar.textAlignment = Qt.AlignmentFlag.AlignCenter
        QApplication.style().drawControl(QStyle.ControlElement.CE_ProgressBar, bar, painter)

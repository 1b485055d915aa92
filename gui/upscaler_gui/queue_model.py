"""The queue as Qt's tables see it: translates the state, decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QPixmap

from upscaler_gui.queue_state import QueueState, Row, State

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
NAME, SIZE, STATE = range(3)


translate = QCoreApplication.translate


def state_text(row: Row) -> str:
    """What a row is doing, in the user's language."""
    if row.state is State.RUNNING:
        return f"{row.done:.0%}"
    return {
        State.WAITING: translate("Queue", "waiting"),
        State.DONE: translate("Queue", "done"),
        State.SKIPPED: translate("Queue", "skipped"),
        State.FAILED: translate("Queue", "failed"),
        State.CANCELLED: translate("Queue", "cancelled"),
    }[row.state]


def size_text(row: Row) -> str:
    """768x512 -> 3072x2048, as far as it is known."""
    if row.size_in is None:
        return ""
    before = f"{row.size_in[0]}×{row.size_in[1]}"
    return before if row.size_out is None else f"{before} → {row.size_out[0]}×{row.size_out[1]}"


class QueueModel(QAbstractTableModel):
    """Rows of ``QueueState``: thumbnail and name, sizes, state."""

    def __init__(self, state: QueueState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self._thumbnails: dict[Path, QPixmap] = {}

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
            case Qt.ItemDataRole.ToolTipRole, _:
                return row.sentence or str(row.path)
            case Qt.ItemDataRole.ForegroundRole, 2 if row.state is State.FAILED:
                return QColor("#d13438")
            case Qt.ItemDataRole.UserRole, 2:
                return row.done if row.state is State.RUNNING else None
        return None

    def add(self, paths: Sequence[Path]) -> int:
        """Append what is not there yet, in one go; how many rows that were."""
        known = {row.path for row in self.state.rows}
        new = [path for path in dict.fromkeys(paths) if path not in known]
        if new:
            first = len(self.state.rows)
            self.beginInsertRows(ROOT, first, first + len(new) - 1)
            self.state.add(new)
            self.endInsertRows()
        return len(new)

    def remove(self, numbers: Sequence[int]) -> None:
        """Take rows out, but for one that is running."""
        self.beginResetModel()
        self.state.remove(numbers)
        self.endResetModel()

    def change(self, number: int, **changes: object) -> None:
        """Replace fields of one row."""
        self.state.change(number, **changes)
        self.dataChanged.emit(self.index(number, 0), self.index(number, 2))

    def changed(self) -> None:
        """Many rows changed at once."""
        if self.state.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.state.rows) - 1, 2))

    def set_thumbnail(self, path: Path, thumbnail: QPixmap) -> None:
        """Show a small picture beside a name."""
        self._thumbnails[path] = thumbnail
        for number, row in enumerate(self.state.rows):
            if row.path == path:
                self.dataChanged.emit(self.index(number, 0), self.index(number, 0), [Qt.ItemDataRole.DecorationRole])
                break

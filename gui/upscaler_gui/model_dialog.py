"""Choosing a model: a list with cards, and the download of its weights."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from upscaler.jobs.events import Downloading
from upscaler_gui.cards import Card, card_html
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import DownloadOrder
from upscaler_gui.sentences import told


class ModelDialog(QDialog):
    """``chosen`` is the name of a model, or ``auto``."""

    downloaded = Signal(str)

    def __init__(self, cards: list[Card], engine: EngineLink, current: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Choose a model"))
        self.resize(820, 560)
        self.chosen = current
        self._cards = {card.name: card for card in cards}
        self._engine = engine
        self._task: Handle | None = None
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search name, purpose or licence"))
        self.search.setClearButtonEnabled(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Models"))
        self.card = QTextBrowser()
        self.card.setOpenExternalLinks(True)
        self.card.setAccessibleName(self.tr("Card of the model"))
        self.download = QPushButton(self.tr("Download"))
        self.bar = QProgressBar()
        self.bar.setVisible(False)
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._lay_out()
        self._fill(current)
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._show)
        self.list.itemDoubleClicked.connect(self.accept)
        self.download.clicked.connect(self._download_or_stop)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._show()

    def _lay_out(self) -> None:
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.search)
        column.addWidget(self.list)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        row = QHBoxLayout()
        row.addWidget(self.bar, 1)
        row.addStretch()
        row.addWidget(self.download)
        column.addLayout(row)
        column.addWidget(self.message)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([300, 520])
        whole = QVBoxLayout(self)
        whole.addWidget(splitter, 1)
        whole.addWidget(self.buttons)

    def _fill(self, current: str) -> None:
        self.list.addItem(self._item("auto", self.tr("Automatic: the best for the scale and your preference")))
        for card in self._cards.values():
            self.list.addItem(self._item(card.name, f"{card.name}   {card.summary}"))
        names = ["auto", *self._cards]
        self.list.setCurrentRow(names.index(current) if current in names else 0)

    def _item(self, name: str, text: str) -> QListWidgetItem:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, name)
        return item

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for number in range(self.list.count()):
            item = self.list.item(number)
            card = self._cards.get(item.data(Qt.ItemDataRole.UserRole))
            haystack = card.words if card else item.text().lower()
            item.setHidden(not all(word in haystack for word in words))

    def _current(self) -> Card | None:
        item = self.list.currentItem()
        return self._cards.get(item.data(Qt.ItemDataRole.UserRole)) if item else None

    def _show(self) -> None:
        item = self.list.currentItem()
        self.chosen = item.data(Qt.ItemDataRole.UserRole) if item else "auto"
        card = self._current()
        if card is None:
            self.card.setHtml(self.tr("The program takes the best model for the scale, and says which and why."))
        else:
            self.card.setHtml(card_html(card))
        self.download.setVisible(card is not None and card.downloadable)

    # Download

    def _download_or_stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            return
        card = self._current()
        if card is None:
            return
        self._task = task = self._engine.submit(DownloadOrder(card.name))
        task.told.connect(self._progress)
        task.done.connect(lambda _: self._ended("", card.name))
        task.failed.connect(lambda sentence: self._ended(sentence, ""))
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self.download.setText(self.tr("Stop"))
        self.message.setText("")

    def _progress(self, what: Downloading) -> None:
        self.bar.setRange(0, 1000 if what.total else 0)
        self.bar.setValue(round(1000 * what.done / what.total) if what.total else 0)
        self.message.setText(what.file)

    def _ended(self, sentence: str, name: str) -> None:
        self._task = None
        self.bar.setVisible(False)
        self.download.setText(self.tr("Download"))
        self.message.setText(told(sentence) or self.tr("{name} is here.").format(name=name))
        if name:
            self.downloaded.emit(name)
            self.download.setVisible(False)

    def done(self, result: int) -> None:
        """A download goes on with the dialog, not after it."""
        if self._task is not None:
            self._task.cancel()
        super().done(result)

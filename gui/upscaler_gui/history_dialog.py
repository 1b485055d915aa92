"""Past jobs, the newest first."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from upscaler_gui.history import Past
from upscaler_gui.sentences import told


class HistoryDialog(QDialog):
    """A double click opens the folder of the results; a button puts a job's files into the queue again."""

    again = Signal(list)
    """Paths, which may have gone since."""

    def __init__(self, past: list[Past], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("History"))
        self.resize(640, 420)
        layout = QVBoxLayout(self)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Past jobs"))
        self._past = list(reversed(past))
        for job in self._past:
            when = QLocale().toString(QDateTime.fromSecsSinceEpoch(int(job.when)), QLocale.FormatType.ShortFormat)
            lines = [f"{when}   {job.model}   {job.summary}", *(f"    {_told(failed)}" for failed in job.failed[:3])]
            self.list.addItem(QListWidgetItem("\n".join(lines)))
        self.list.itemDoubleClicked.connect(self._open)
        if past:
            layout.addWidget(QLabel(self.tr("A double click opens the folder of the results.")))
        else:
            layout.addWidget(QLabel(self.tr("No job has run yet.")))
        layout.addWidget(self.list)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.again_button = buttons.addButton(self.tr("Enlarge again"), QDialogButtonBox.ButtonRole.ActionRole)
        self.again_button.setToolTip(self.tr("Put the files of this job into the queue, for the settings chosen now"))
        self.again_button.clicked.connect(self._again)
        self.list.currentRowChanged.connect(self._chosen)
        self.list.setCurrentRow(0)
        self._chosen()
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def _chosen(self) -> None:
        number = self.list.currentRow()
        self.again_button.setEnabled(number >= 0 and bool(self._past[number].inputs))

    def _again(self) -> None:
        self.again.emit([Path(name) for name in self._past[self.list.currentRow()].inputs])
        self.accept()

    def _open(self) -> None:
        folder = self._past[self.list.currentRow()].folder
        if folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(folder))


def _told(failed: str) -> str:
    name, _, sentence = failed.partition(": ")
    return f"{name}: {told(sentence)}"

"""Up to four models on the same region, side by side, with the time that each would take for the whole queue."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from upscaler.jobs.events import Downloading
from upscaler.jobs.presets import settings_from
from upscaler.jobs.preview import Preview, Region
from upscaler_gui.cards import Card
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import PreviewOrder
from upscaler_gui.images import to_8bit, to_levels
from upscaler_gui.sentences import told
from upscaler_gui.summary import time_text
from upscaler_gui.viewer import Viewer

FIRST = ("pocket", "span", "rlfn", "hit-srf")
PANES = 4


class CompareDialog(QDialog):
    """``chosen`` is the name of the model that the user wants to take."""

    made = Signal(object)
    """A ``Preview``: how long a model took is worth keeping."""

    def __init__(
        self,
        path: Path,
        region: Region,
        options: dict[str, Any],
        megapixels: float | None,
        cards: list[Card],
        engine: EngineLink,
        parent: QWidget | None = None,
    ) -> None:
        """``megapixels``: of the whole queue's inputs, None where the time cannot be told from them."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare models"))
        self.resize(1100, 760)
        self.chosen = ""
        self._path, self._region, self._options = path, region, options
        self._megapixels = megapixels
        self._engine = engine
        self._waiting: list[int] = []
        self._task: Handle | None = None
        self.panes = [Pane(number, name, cards, self) for number, name in enumerate(first_models(cards, options))]
        layout = QVBoxLayout(self)
        words = QLabel(self.tr("Zoom and place are shared. Choose models above the pictures."))
        layout.addWidget(words)
        grid = QGridLayout()
        for number, pane in enumerate(self.panes):
            grid.addWidget(pane, number // 2, number % 2)
            pane.model.currentIndexChanged.connect(functools.partial(self._ask, number))
            pane.use.clicked.connect(functools.partial(self._use, number))
            pane.viewer.changed.connect(functools.partial(self._synchronise, number))
        layout.addLayout(grid, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        for number in range(len(self.panes)):
            self._ask(number)

    def _use(self, number: int) -> None:
        self.chosen = self.panes[number].model.currentData()
        self.accept()

    def _synchronise(self, number: int) -> None:
        """Show the same place at the same zoom in all panes as in this one."""
        state = self.panes[number].viewer.state
        for pane in self.panes:
            other = pane.viewer.state
            if state.picture == other.picture:
                pane.viewer.state = replace(other, zoom=state.zoom, centre=state.centre, fitted=state.fitted)
                pane.viewer.update()

    # One model after the other: they would only slow each other down.

    def _ask(self, number: int, *_: object) -> None:
        if number not in self._waiting:
            self._waiting.append(number)
        self.panes[number].say(self.tr("waiting…"))
        self._next()

    def _next(self) -> None:
        if self._task is not None or not self._waiting:
            return
        number = self._waiting.pop(0)
        pane = self.panes[number]
        name = pane.model.currentData()
        if not name:
            pane.clear()
            self._next()
            return
        settings = settings_from({**self._options, "model": name})
        self._task = task = self._engine.submit(PreviewOrder(self._path, self._region, settings))
        task.told.connect(functools.partial(self._downloading, number))
        task.done.connect(functools.partial(self._made, number))
        task.failed.connect(functools.partial(self._failed, number))
        pane.say(self.tr("running…"))

    def _downloading(self, number: int, event: Downloading) -> None:
        share = f"{event.done / event.total:.0%}" if event.total else f"{event.done / 1e6:.1f} MB"
        self.panes[number].say(self.tr("downloading: {share}").format(share=share))

    def _made(self, number: int, made: Preview) -> None:
        pane = self.panes[number]
        image = to_levels(to_8bit(made.pixels))
        shown = next((n for n, other in enumerate(self.panes) if other.use.isEnabled()), None)
        pane.viewer.blockSignals(True)  # it takes over the others' place, and does not give its own
        pane.viewer.show_picture(image, image[0].width(), image[0].height())
        pane.viewer.blockSignals(False)
        if shown is None:
            pane.viewer.zoom_to(1.0)
        else:
            self._synchronise(shown)
        pane.use.setEnabled(True)
        self.made.emit(made)
        text = self.tr("{seconds:.1f} s here").format(seconds=made.seconds)
        if self._megapixels:
            seconds = made.seconds / max(made.megapixels, 1e-6) * self._megapixels
            text += self.tr(", about {time} for the queue").format(time=time_text(seconds))
        pane.say(text)
        self._finished()

    def _failed(self, number: int, sentence: str) -> None:
        self.panes[number].say(sentence)
        self._finished()

    def _finished(self) -> None:
        self._task = None
        self._next()

    def done(self, result: int) -> None:
        """What has not begun is not begun any more."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
        super().done(result)


def first_models(cards: list[Card], options: dict[str, Any]) -> list[str]:
    """The chosen one, and others whose weights are on this machine; empty where there are no more."""
    here = [card.name for card in cards if card.here]
    wanted = [str(options.get("model", "")), *FIRST, *here]
    names = [name for name in dict.fromkeys(wanted) if name in here][:PANES]
    return names + [""] * (PANES - len(names))


class Pane(QWidget):
    """One model's picture."""

    def __init__(self, number: int, name: str, cards: list[Card], parent: QWidget) -> None:
        super().__init__(parent)
        self.model = QComboBox()
        self.model.addItem(self.tr("(none)"), "")
        for card in cards:
            if not card.here and not card.downloadable:
                continue
            text = self.tr("{name} (to be downloaded)").format(name=card.name) if not card.here else card.name
            self.model.addItem(text, card.name)
        self.model.setCurrentIndex(max(self.model.findData(name), 0))
        self.model.setAccessibleName(self.tr("Model {number}").format(number=number + 1))
        self.use = QPushButton(self.tr("Use this one"))
        self.use.setAutoDefault(False)
        self.use.setEnabled(False)
        self.viewer = Viewer()
        self.viewer.setMinimumSize(160, 120)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        layout = QGridLayout(self)
        layout.addWidget(self.model, 0, 0)
        layout.addWidget(self.use, 0, 1)
        layout.addWidget(self.viewer, 1, 0, 1, 2)
        layout.addWidget(self.words, 2, 0, 1, 2)
        layout.setRowStretch(1, 1)
        layout.setColumnStretch(0, 1)

    def say(self, sentence: str) -> None:
        self.words.setText(told(sentence))

    def clear(self) -> None:
        self.viewer.show_picture(None, 0, 0)
        self.use.setEnabled(False)
        self.say("")

"""Up to four models on the same region, side by side, with the time that each would take for the whole queue."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from upscaler.jobs.plan import Plan
from upscaler.jobs.presets import settings_from
from upscaler.jobs.preview import Preview, Region
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import PreviewOrder
from upscaler_gui.images import to_8bit, to_qimage
from upscaler_gui.summary import time_text
from upscaler_gui.viewer import Viewer

FIRST = ("pocket", "span", "rlfn", "hit-srf")


class CompareDialog(QDialog):
    """``chosen`` is the name of the model that the user wants to take."""

    def __init__(
        self,
        path: Path,
        region: Region,
        options: dict[str, Any],
        plan: Plan | None,
        engine: EngineLink,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare models"))
        self.resize(1100, 800)
        self.chosen = ""
        self._path, self._region, self._options = path, region, options
        works = [item.work for item in plan.to_do if item.work is not None] if plan else []
        self._megapixels = sum(w.width * w.height for w in works) / 1e6
        self._engine = engine
        self._waiting: list[int] = []
        self._task: Handle | None = None
        self.panes = [Pane(number, name, self) for number, name in enumerate(FIRST)]
        layout = QVBoxLayout(self)
        layout.addWidget(QLabel(self.tr("Zoom and place are shared. Choose models above the pictures.")))
        grid = QGridLayout()
        for number, pane in enumerate(self.panes):
            grid.addWidget(pane, number // 2, number % 2)
            pane.model.currentTextChanged.connect(functools.partial(self._ask, number))
            pane.use.clicked.connect(functools.partial(self._use, number))
            pane.viewer.changed.connect(functools.partial(self._synchronise, number))
        layout.addLayout(grid, 1)
        for number in range(len(self.panes)):
            self._ask(number)

    def _use(self, number: int) -> None:
        self.chosen = self.panes[number].model.currentText()
        self.accept()

    def _synchronise(self, number: int) -> None:
        state = self.panes[number].viewer.state
        for pane in self.panes:
            other = pane.viewer.state
            shared = (state.picture, state.view) == (other.picture, other.view)
            if shared and (state.zoom, state.centre) != (other.zoom, other.centre):
                pane.viewer.state = state
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
        name = pane.model.currentText()
        settings = settings_from({**self._options, "model": name})
        self._task = task = self._engine.submit(PreviewOrder(self._path, self._region, settings))
        task.done.connect(functools.partial(self._made, number))
        task.failed.connect(functools.partial(self._failed, number))
        pane.say(self.tr("running…"))

    def _made(self, number: int, made: Preview) -> None:
        pane = self.panes[number]
        image = to_qimage(to_8bit(made.pixels))
        pane.viewer.show_picture(image, image.width(), image.height())
        seconds = made.seconds / max(made.megapixels, 1e-6) * self._megapixels
        text = self.tr("{seconds:.1f} s here").format(seconds=made.seconds)
        if self._megapixels:
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


class Pane(QWidget):
    """One model's picture."""

    def __init__(self, number: int, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        from upscaler.models.catalogue import catalogue

        self.model = QComboBox()
        self.model.addItems(list(catalogue().names))
        self.model.setCurrentText(name)
        self.model.setAccessibleName(self.tr("Model {number}").format(number=number + 1))
        self.use = QPushButton(self.tr("Use this one"))
        self.viewer = Viewer()
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
        self.words.setText(sentence)

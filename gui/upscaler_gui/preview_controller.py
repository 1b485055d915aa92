"""What the viewer shows: the chosen file, and the visible part of its result before the full run."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from upscaler.jobs.preview import Preview, Region
from upscaler.jobs.settings import Settings
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import PreviewOrder
from upscaler_gui.images import load, to_8bit, to_qimage
from upscaler_gui.viewer import Viewer
from upscaler_gui.workers import Call, Threads

if TYPE_CHECKING:
    from upscaler_gui.images import Pixels8


MOST = 512
"""Side of the region that is enlarged at most, in input pixels: a preview must not take long."""


class PreviewController(QObject):
    """Loads pictures and makes previews in threads; only the last that was asked for is shown."""

    said = Signal(str)
    failed = Signal(str)
    previewed = Signal(object)
    """A ``Preview`` is on the screen."""

    def __init__(self, viewer: Viewer, threads: Threads, engine: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._threads, self._engine = viewer, threads, engine
        self._handle: Handle | None = None
        self.path: Path | None = None
        self._asked = 0
        self.pixels: Pixels8 | None = None

    def show(self, path: Path | None, size_out: tuple[int, int] | None, result: Path | None) -> None:
        """Another file (None: nothing), the size of its result if it is known, and the result if there is one."""
        if path is None:
            self.path, self.pixels = None, None
            self._viewer.show_picture(None, 0, 0)
            return
        self.path = path
        self._asked += 1
        asked = self._asked

        def read() -> tuple[Pixels8, Pixels8 | None]:
            return load(path), load(result) if result is not None and result.exists() else None

        task = Call(read)
        task.done.connect(functools.partial(self._loaded, asked, size_out))
        task.failed.connect(functools.partial(self._fail, asked))
        self._threads.start(task)

    def _loaded(self, asked: int, size_out: tuple[int, int] | None, found: tuple[Pixels8, Pixels8 | None]) -> None:
        if asked != self._asked:
            return
        self.pixels, after = found
        height, width = self.pixels.shape[:2]
        if after is not None:
            size_out = (after.shape[1], after.shape[0])
        self._viewer.show_picture(to_qimage(self.pixels), *(size_out or (4 * width, 4 * height)))
        if after is not None:
            self._viewer.show_result(to_qimage(after), 0, 0)

    def region(self) -> Region | None:
        """The visible part, in input pixels, cut to what is quick; None where nothing is shown."""
        if self.pixels is None or not all(self._viewer.state.picture):
            return None
        height, width = self.pixels.shape[:2]
        ratio = width / self._viewer.state.picture[0], height / self._viewer.state.picture[1]
        left, top, right, bottom = self._viewer.state.visible()
        x0, x1 = _centred(int(left * ratio[0]), min(int(right * ratio[0]) + 1, width))
        y0, y1 = _centred(int(top * ratio[1]), min(int(bottom * ratio[1]) + 1, height))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def preview(self, settings: Settings) -> None:
        """Enlarge the visible region as the job would."""
        region = self.region()
        if region is None or self.path is None:
            return
        if self._handle is not None:
            self._handle.cancel()  # it shows what is no longer in view
        self._asked += 1
        self._handle = handle = self._engine.submit(PreviewOrder(self.path, region, settings))
        handle.done.connect(functools.partial(self._made, self._asked))
        handle.failed.connect(functools.partial(self._fail, self._asked))
        self.said.emit(self.tr("Enlarging what is in view…"))

    def _made(self, asked: int, made: Preview) -> None:
        if asked != self._asked:
            return
        self._handle = None
        self._viewer.show_result(to_qimage(to_8bit(made.pixels)), made.left, made.top)
        self.said.emit(self.tr("Preview: {seconds:.1f} s").format(seconds=made.seconds))
        self.previewed.emit(made)

    def _fail(self, asked: int, sentence: str) -> None:
        if asked == self._asked:
            self.failed.emit(sentence)


def _centred(start: int, stop: int) -> tuple[int, int]:
    """At most ``MOST`` long, around the same middle."""
    extra = max(stop - start - MOST, 0)
    return start + extra // 2, stop - (extra - extra // 2)

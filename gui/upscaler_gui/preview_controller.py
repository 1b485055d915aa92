"""What the viewer shows: the chosen file, and the visible part of its result before the full run."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from upscaler.errors import UpscalerError
from upscaler.jobs.events import Downloading
from upscaler.jobs.preview import Preview, Region
from upscaler.jobs.settings import Settings
from upscaler_gui.engine_link import EngineLink, Handle
from upscaler_gui.engine_process import PreviewOrder
from upscaler_gui.images import Levels, load, to_8bit, to_levels
from upscaler_gui.sentences import told
from upscaler_gui.viewer import Viewer
from upscaler_gui.workers import Call, Threads

SIDES = (128, 1024)
FIRST_SIDE = 384
"""Side of the region that is enlarged, in input pixels, while nothing is known of the model's pace."""

AIM = 1.5
"""Seconds that a preview may take."""

MOST_RESULT = 64_000_000
"""Pixels of a finished result that is shown whole."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file on the screen: its size, its levels, and those of its result where that is there."""

    width: int
    height: int
    before: Levels
    after: Levels | None


class PreviewController(QObject):
    """Loads pictures in threads, and has previews made; only the last that was asked for is shown."""

    said = Signal(str)
    failed = Signal(str)
    loaded = Signal()
    """Another picture is on the screen, or none."""

    previewed = Signal(object)
    """A ``Preview`` is on the screen."""

    def __init__(self, viewer: Viewer, threads: Threads, engine: EngineLink, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._threads, self._engine = viewer, threads, engine
        self._handle: Handle | None = None
        self._wanted: tuple[Path | None, Path | None] | None = None
        self._size_out: tuple[int, int] | None = None
        self._asked = 0
        self.path: Path | None = None
        self.shown: Shown | None = None

    def show(self, path: Path | None, size_out: tuple[int, int] | None, result: Path | None) -> None:
        """Another file (None: nothing), the size of its result if it is known, and the result if there is one."""
        if (path, result) == self._wanted:
            if self.shown is not None and size_out not in (None, self._size_out) and self.shown.after is None:
                self._size_out = size_out
                self._lay(self.shown)
            return
        self._wanted, self._size_out = (path, result), size_out
        self._asked += 1
        self.path, self.shown = path, None
        self._viewer.hint = "" if path is not None else self.tr("Before and after are shown here")
        if path is None:
            self._viewer.show_picture(None, 0, 0)
            self.loaded.emit()
            return
        task = Call(functools.partial(_read, path, result))
        task.done.connect(functools.partial(self._loaded, self._asked))
        task.failed.connect(functools.partial(self._cannot_load, self._asked))
        self._threads.start(task)

    def _loaded(self, asked: int, shown: Shown) -> None:
        if asked == self._asked:
            self.shown = shown
            self._lay(shown)
            self.loaded.emit()

    def _lay(self, shown: Shown) -> None:
        if shown.after is not None:
            size = shown.after[0].width(), shown.after[0].height()
        else:
            size = self._size_out or (4 * shown.width, 4 * shown.height)
        self._viewer.show_picture(shown.before, *size)
        if shown.after is not None:
            self._viewer.show_result(shown.after, 0, 0)

    def _cannot_load(self, asked: int, sentence: str) -> None:
        if asked == self._asked:
            self._viewer.hint = told(sentence)
            self._viewer.show_picture(None, 0, 0)
            self.loaded.emit()
            self.failed.emit(sentence)

    def outdate(self) -> None:
        """The settings are others: what was shown as a preview is not what would come out."""
        if self._handle is not None:
            self._handle.cancel()
        if self.shown is not None and self.shown.after is None:
            self._viewer.forget_result()

    def region(self, pace: float | None = None) -> Region | None:
        """The visible part, in input pixels, cut to what is quick; None where nothing is shown.

        ``pace``: seconds per megapixel, if that is known.
        """
        if self.shown is None or not all(self._viewer.state.picture):
            return None
        width, height = self.shown.width, self.shown.height
        ratio = width / self._viewer.state.picture[0], height / self._viewer.state.picture[1]
        left, top, right, bottom = self._viewer.state.visible()
        most = FIRST_SIDE if not pace else round(min(max((AIM / pace * 1e6) ** 0.5, SIDES[0]), SIDES[1]))
        x0, x1 = _centred(int(left * ratio[0]), min(int(right * ratio[0]) + 1, width), most)
        y0, y1 = _centred(int(top * ratio[1]), min(int(bottom * ratio[1]) + 1, height), most)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def preview(self, settings: Settings, pace: float | None = None) -> None:
        """Enlarge the visible region as the job would."""
        region = self.region(pace)
        if region is None or self.path is None:
            return
        if self._handle is not None:
            self._handle.cancel()  # it shows what is no longer in view
        self._handle = handle = self._engine.submit(PreviewOrder(self.path, region, settings))
        handle.told.connect(self._told)
        handle.done.connect(functools.partial(self._made, handle, self._asked))
        handle.failed.connect(functools.partial(self._fail, handle))
        self.said.emit(self.tr("Enlarging what is in view…"))

    def _told(self, event: Downloading) -> None:
        share = f"{event.done / event.total:.0%}" if event.total else f"{event.done / 1e6:.1f} MB"
        self.said.emit(self.tr("Downloading {name}: {share}").format(name=event.file, share=share))

    def _made(self, handle: Handle, asked: int, made: Preview) -> None:
        if handle is not self._handle:
            return
        self._handle = None
        if asked == self._asked:
            self._viewer.show_result(to_levels(to_8bit(made.pixels)), made.left, made.top)
            self.said.emit(
                self.tr("Preview by {model}: {seconds:.1f} s").format(
                    model=", ".join(dict.fromkeys(made.models)), seconds=made.seconds
                )
            )
            self.previewed.emit(made)

    def _fail(self, handle: Handle, sentence: str) -> None:
        if handle is self._handle:
            self._handle = None
            self.failed.emit(sentence)


def _read(path: Path, result: Path | None) -> Shown:
    pixels = load(path)
    after = None
    if result is not None and result.exists():
        with contextlib.suppress(UpscalerError):  # too large to be shown whole
            after = to_levels(load(result, MOST_RESULT))
    return Shown(pixels.shape[1], pixels.shape[0], to_levels(pixels), after)


def _centred(start: int, stop: int, most: int) -> tuple[int, int]:
    """At most ``most`` long, around the same middle."""
    extra = max(stop - start - most, 0)
    return start + extra // 2, stop - (extra - extra // 2)

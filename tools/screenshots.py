"""Pictures of the window for the documents, from the real program at work on ``examples/``.

    python tools/screenshots.py [docs/pictures]

Needs no screen.  The weights of the models that are compared must be at hand (``UPSCALER_MIRROR``, or the network).
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from upscaler_gui.compare_dialog import CompareDialog
from upscaler_gui.main_window import MainWindow
from upscaler_gui.model_dialog import ModelDialog
from upscaler_gui.queue_state import FINAL
from upscaler_gui.theme import apply_theme

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1280, 800)
Dialog = TypeVar("Dialog", bound=QDialog)
PATIENCE = 300  # seconds
LARGEST = 500_000  # bytes; above it a palette serves, which shows in smooth skies


def main(folder: Path) -> None:
    """Take all of them."""
    app = QApplication(sys.argv[:1])
    apply_theme(app, dark=False)
    with tempfile.TemporaryDirectory() as place:
        os.environ["UPSCALER_HOME"] = str(Path(place) / "home")
        photos = Path(place) / "photos"
        shutil.copytree(ROOT / "examples", photos, ignore=shutil.ignore_patterns("*.md"))
        window = MainWindow()
        window.panel.model.setText("pocket")
        window.resize(*SIZE)
        window.show()
        take(window, folder / "window-empty.png")
        window.add([photos])
        until(lambda: window.previews.shown is not None and window.viewer.has_result())
        until(lambda: "s\n" in window.start_button.text())
        window.viewer.zoom_to(1.0)
        take_after(window._preview, window, folder / "window-slider.png")
        window.panel.advanced.setChecked(True)
        window.panel_area.ensureWidgetVisible(window.panel.advanced)
        take(window, folder / "window-settings.png")
        window.panel.advanced.setChecked(False)
        window._choose_model()
        dialog = opened(window, ModelDialog)
        dialog.search.setText("span")
        dialog.list.setCurrentItem(dialog.list.findItems("span ", Qt.MatchFlag.MatchStartsWith)[0])
        take(dialog, folder / "window-models.png")
        dialog.reject()
        window._compare()
        comparison = opened(window, CompareDialog)
        comparison.resize(860, 620)
        until(lambda: all(pane.use.isEnabled() for pane in comparison.panes))
        take(comparison, folder / "window-compare.png")
        comparison.reject()
        window.panel.model.setText("rlfn")  # slow enough to be seen at work
        until(lambda: "rlfn" in window.remark.text() and window.viewer.has_result())
        window.start()
        rows = window.queue.state.rows
        until(lambda: rows[0].state in FINAL and any(0.2 < row.done < 0.8 for row in rows))
        take(window, folder / "window-running.png")
        until(lambda: not window.jobs.running)
        apply_theme(app, dark=True)
        take(window, folder / "window-dark.png")
        window.close()


def until(true: Callable[[], bool]) -> None:
    """Let the program work until something is so."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        QApplication.processEvents()
        time.sleep(0.01)


def opened(window: MainWindow, kind: type[Dialog]) -> Dialog:
    until(lambda: bool(window.findChildren(kind)))
    return window.findChildren(kind)[0]


def take_after(act: Callable[[], None], window: MainWindow, path: Path) -> None:
    made: list[object] = []
    window.previews.previewed.connect(made.append)
    act()
    until(lambda: bool(made))
    take(window, path)


def take(widget: QWidget, path: Path) -> None:
    """What a screen would show, as a small PNG."""
    for _ in range(20):
        QApplication.processEvents()
        time.sleep(0.02)
    picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    image = Image.frombytes("RGB", (picture.width(), picture.height()), bytes(picture.constBits()), "raw", "BGRX")
    image.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        image.quantize(256, kmeans=3).save(path, optimize=True)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")

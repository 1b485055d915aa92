"""The window without a screen, in a home of its own; no test may leave a thread or a timer behind."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot
from upscaler_gui.main_window import MainWindow


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engine keeps what it builds for this machine."""
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, kernels: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home for each test; only what is built for this machine, on Linux, is built once for all."""
    if sys.platform == "linux":
        (tmp_path / "home" / "cache").mkdir(parents=True)
        (tmp_path / "home" / "cache" / "native").symlink_to(kernels, target_is_directory=True)
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("UPSCALER_OFFLINE", "1")
    monkeypatch.delenv("UPSCALER_MIRROR", raising=False)
    return tmp_path / "home"


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The window with the embedded model chosen; afterwards it is closed, and nothing of it may go on."""
    before = set(threading.enumerate())
    # A test that fails while a job runs must not wait for the answer to whether the window may close.
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    window = MainWindow()
    qtbot.addWidget(window)
    window.panel.model.setText("pocket")
    window.by_itself.setChecked(False)
    window.show()
    yield window
    if window.jobs.running:
        window.jobs.cancel()
        qtbot.waitUntil(lambda: not window.jobs.running, timeout=60_000)
    window.close()
    assert not multiprocessing.active_children()
    assert not [timer for timer in window.findChildren(QTimer) if timer.isActive()]
    assert not [thread for thread in window.findChildren(QThread) if thread.isRunning()]
    left = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("upscaler")}
    assert not left


Photos = Callable[..., list[Path]]


@pytest.fixture
def photos(tmp_path: Path) -> Photos:
    """Makes small photos: ``photos("a.png", "b.png", side=24)``."""

    def make(*names: str, side: int = 24) -> list[Path]:
        folder = tmp_path / "photos"
        folder.mkdir(exist_ok=True)
        random = np.random.default_rng(1)
        for name in names:
            ramp = np.add.outer(np.arange(side), np.arange(side + 6))[..., None] * (2, 3, 1)
            noise = random.integers(0, 20, (side, side + 6, 3))
            Image.fromarray((ramp + noise).clip(0, 255).astype(np.uint8)).save(folder / name)
        return [folder / name for name in names]

    return make

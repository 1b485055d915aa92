"""What asks the system for a favour never disturbs a job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import wakepy
from PySide6.QtWidgets import QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot
from upscaler_gui.awake import awake
from upscaler_gui.main_window import MainWindow
from upscaler_gui.notify import Notifier
from upscaler_gui.queue_state import State

from tests.gui.conftest import Photos


@pytest.fixture
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is where D-Bus is said to be."""
    for name in ("DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS"):
        monkeypatch.setenv(name, "unix:path=/nowhere/at/all")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


def test_without_a_bus_the_work_is_done(no_bus: None) -> None:
    done = []
    with awake():
        done.append("work")
    assert done


def test_without_a_bus_a_job_runs_and_its_end_is_told(
    no_bus: None, window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    told: list[str] = []
    window.notifier.told.connect(told.append)
    window.add(photos("a.png"))
    qtbot.waitUntil(lambda: window.queue.rowCount() == 1, timeout=120_000)
    window.hide()  # nothing is in front
    with qtbot.waitSignal(window.jobs.ended, timeout=120_000):
        window.start()
    assert window.queue.state.rows[0].state is State.DONE
    assert [text.split(",")[0] for text in told] == ["1 done"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_service_that_fails_is_kept_from_the_work(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running(on_fail: str) -> Iterator[None]:
        if when == "before":
            raise RuntimeError("the bus has gone")
        yield
        raise RuntimeError("the bus has gone")

    monkeypatch.setattr(wakepy.keep, "running", running)
    with awake():
        done = True
    assert done


def test_one_word_follows_another_in_one_icon(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    for asked in ("isSystemTrayAvailable", "supportsMessages"):
        monkeypatch.setattr(QSystemTrayIcon, asked, lambda: True)  # there is none without a screen
    window = QWidget()
    qtbot.addWidget(window)
    notifier = Notifier(window)
    for word in ("1 done", "2 done"):
        notifier.tell(word)
        assert [icon.isVisible() for icon in notifier.findChildren(QSystemTrayIcon)].count(True) == 1
    notifier.end()
    qtbot.waitUntil(lambda: not notifier.findChildren(QSystemTrayIcon))


def test_the_trouble_of_the_work_itself_is_not_hidden() -> None:
    with pytest.raises(FileNotFoundError), awake():
        Path("/nowhere").read_bytes()

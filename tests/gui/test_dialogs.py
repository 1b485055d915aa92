"""Choosing, downloading and comparing models; history and presets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QDialog, QInputDialog
from pytestqt.qtbot import QtBot
from upscaler_gui import history
from upscaler_gui.compare_dialog import CompareDialog
from upscaler_gui.history_dialog import HistoryDialog
from upscaler_gui.main_window import MainWindow
from upscaler_gui.model_dialog import ModelDialog

from tests.gui.conftest import Photos
from tests.shared import SHARED, needs_shared
from upscaler.jobs.report import ItemReport, Report
from upscaler.models.catalogue import catalogue

PATIENCE = 120_000  # ms
NAME = "rlfn"
ENTRY = catalogue().find(NAME, 4)

D = TypeVar("D", bound=QDialog)
Serve = Callable[[type[BaseHTTPRequestHandler]], None]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Weights come from a server on this machine."""
    servers: list[ThreadingHTTPServer] = []
    threads: list[Thread] = []

    def start(handler: type[BaseHTTPRequestHandler]) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        servers.append(server)
        threads.append(Thread(target=server.serve_forever))
        threads[-1].start()
        monkeypatch.setenv("UPSCALER_MIRROR", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.delenv("UPSCALER_OFFLINE")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
    for thread in threads:
        thread.join()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


class Slow(Quiet):
    """Would give the file within the hour."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(ENTRY.files[0].bytes))
        self.end_headers()
        try:
            self.wfile.write(b"PK\3\4")  # as a file of torch begins
            for _ in range(600):
                self.wfile.write(bytes(64))
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            return  # the reader has gone, as it should


def opened(window: MainWindow, qtbot: QtBot, kind: type[D]) -> D:
    qtbot.waitUntil(lambda: bool(window.findChildren(kind)), timeout=PATIENCE)
    return window.findChildren(kind)[0]


def model_dialog(window: MainWindow, qtbot: QtBot) -> ModelDialog:
    window._choose_model()
    dialog = opened(window, qtbot, ModelDialog)
    dialog.search.setText(NAME)
    dialog.list.setCurrentItem(
        next(item for n in range(dialog.list.count()) if (item := dialog.list.item(n)).text().split()[0] == NAME)
    )
    return dialog


def test_a_model_is_found_by_its_purpose_and_taken(window: MainWindow, qtbot: QtBot) -> None:
    dialog = model_dialog(window, qtbot)
    dialog.search.setText("anime")
    names = [
        dialog.list.item(n).text().split()[0] for n in range(dialog.list.count()) if not dialog.list.isRowHidden(n)
    ]
    assert "hfa2k-span" in names
    assert "pocket" not in names
    dialog.search.setText(NAME)
    assert "Licence" in dialog.card.toPlainText()
    dialog.accept()
    assert window.panel.model.text() == NAME


@needs_shared
def test_a_model_is_downloaded_and_then_here(window: MainWindow, qtbot: QtBot, serve: Serve, home: Path) -> None:
    serve(partial(Quiet, directory=str(SHARED / "weights")))  # type: ignore[arg-type]
    dialog = model_dialog(window, qtbot)
    assert dialog.download.isVisible()
    with qtbot.waitSignal(dialog.downloaded, timeout=PATIENCE):
        dialog.download.click()
    assert not dialog.download.isVisible()
    assert "is here" in dialog.message.text()
    assert list((home / "cache" / "weights").rglob(ENTRY.files[0].name))
    dialog.reject()


def test_a_download_can_be_stopped(window: MainWindow, qtbot: QtBot, serve: Serve) -> None:
    serve(Slow)
    dialog = model_dialog(window, qtbot)
    dialog.download.click()
    qtbot.waitUntil(lambda: dialog.bar.maximum() == 1000, timeout=PATIENCE)
    dialog.download.click()
    qtbot.waitUntil(lambda: not dialog.bar.isVisible(), timeout=PATIENCE)
    assert "goes on from there" in dialog.message.text()
    assert dialog.download.text() == "Download"
    dialog.reject()


def test_a_download_that_cannot_be_had_says_why(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UPSCALER_OFFLINE")
    dialog = model_dialog(window, qtbot)
    monkeypatch.setenv("UPSCALER_OFFLINE", "1")  # the process that downloads begins with the order
    dialog.download.click()
    qtbot.waitUntil(lambda: bool(dialog.message.text()), timeout=PATIENCE)
    assert dialog.message.text().startswith("rlfn x4 needs")
    assert "offline" in dialog.message.text()
    assert not dialog.bar.isVisible()
    dialog.reject()


@needs_shared
def test_models_are_compared_on_one_region_and_one_is_taken(
    window: MainWindow, qtbot: QtBot, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPSCALER_MIRROR", str(SHARED / "weights"))
    window.add(photos("a.png", side=40))
    qtbot.waitUntil(lambda: window.previews.shown is not None and window.plans.outlook is not None, timeout=PATIENCE)
    window.compare_button.click()
    dialog = opened(window, qtbot, CompareDialog)
    for number, name in enumerate(("pocket", "span", "", "")):
        model = dialog.panes[number].model
        model.setCurrentIndex(model.findData(name))
    qtbot.waitUntil(lambda: all(pane.use.isEnabled() for pane in dialog.panes[:2]), timeout=PATIENCE)
    assert all("for the queue" in pane.words.text() for pane in dialog.panes[:2])
    dialog.panes[0].viewer.zoom_to(4.0)
    assert dialog.panes[1].viewer.state.zoom == 4.0
    assert dialog.panes[1].viewer.state.centre == dialog.panes[0].viewer.state.centre
    dialog.panes[1].use.click()
    assert window.panel.model.text() == "span"
    assert window.paces.pace(["pocket x4"], {}) is not None


def test_past_jobs_are_listed_the_newest_first(window: MainWindow, qtbot: QtBot) -> None:
    item = ItemReport(source="/photos/secret.png", output="/photos/upscaled/secret.png", state="failed", sentence="No.")
    for summary in ("1 done", "1 failed"):
        history.append(Report(version="1", settings={"model": "/a/b.pth"}, items=[item], exit_code=1), summary)
    window._show_history()
    dialog = opened(window, qtbot, HistoryDialog)
    assert [dialog.list.item(n).text().split("\n")[0][-8:].strip() for n in (0, 1)] == ["1 failed", "1 done"]
    assert "secret.png: No." in dialog.list.item(0).text()
    dialog.reject()
    report = history.report_text(history.read()[-1])
    assert "b.pth" in report
    assert "secret" not in report
    assert "/a/" not in report
    assert "photos" not in report


def test_the_files_of_a_past_job_wait_again(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    here, gone = photos("here.png", "gone.png")
    items = [ItemReport(source=str(path), output="", state="finished") for path in (here, gone)]
    history.append(Report(version="1", settings={}, items=items), "2 done")
    gone.unlink()
    window._show_history()
    dialog = opened(window, qtbot, HistoryDialog)
    dialog.again_button.click()
    qtbot.waitUntil(lambda: window.queue.rowCount() == 1, timeout=PATIENCE)
    assert window.queue.state.rows[0].path == here
    assert window.queue.state.pending() == [0]
    assert window.message.text().startswith("Again in the queue: 1.")


@pytest.mark.parametrize("sources", [["/a.png"] * (history.MOST_INPUTS + 1), ["/a\udcff.png"]])
def test_a_job_whose_files_could_not_be_remembered_cannot_be_done_again(
    window: MainWindow, qtbot: QtBot, sources: list[str]
) -> None:
    items = [ItemReport(source=source, output="", state="finished") for source in sources]
    history.append(Report(version="1", settings={}, items=items), "many done")
    window._show_history()
    dialog = opened(window, qtbot, HistoryDialog)
    assert dialog.list.count() == 1
    assert not dialog.again_button.isEnabled()
    dialog.reject()


def test_a_damaged_history_is_read_as_far_as_it_goes(home: Path) -> None:
    history.append(Report(version="1", settings={}, items=[]), "2 done")
    (file,) = home.rglob("history.jsonl")
    file.write_text("nonsense\n" + file.read_text())
    assert [past.summary for past in history.read()] == ["2 done"]


def test_a_preset_brings_its_settings_back(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    window.panel.format.setCurrentIndex(window.panel.format.findData("webp"))
    window.panel.quality.setValue(70)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("for the web", True))
    window.panel._save_preset()
    window.panel.show_options({})
    assert window.panel.options() == {}
    window.panel._use_preset(window.panel.presets.findText("for the web"))
    assert window.panel.options() == {"model": "pocket", "format": "webp", "quality": 70}


def test_a_preset_keeps_what_the_window_does_not_show(window: MainWindow) -> None:
    options = {"model": "pocket", "fit": (800, 600), "threads": 2}
    window.panel.show_options(options)
    assert window.panel.options() == options
    window.panel.target.setCurrentIndex(window.panel.target.findData("width"))
    assert window.panel.options() == {"model": "pocket", "threads": 2, "width": 3840}

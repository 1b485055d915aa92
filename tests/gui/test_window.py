"""What people do with the window, done to the window."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QAbstractButton, QComboBox, QGroupBox, QMessageBox, QWidget
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot
from upscaler_gui.inputs import options_from_text
from upscaler_gui.main_window import MainWindow
from upscaler_gui.queue_model import QueueModel
from upscaler_gui.queue_state import QueueState, State
from upscaler_gui.summary import time_text

from tests.gui.conftest import Photos
from upscaler.jobs import run
from upscaler.jobs.plan import Request, make_plan
from upscaler.jobs.settings import Settings

log = logging.getLogger(__name__)

NO_FOCUS = Qt.FocusPolicy.NoFocus
PATIENCE = 120_000  # ms; machines that are busy with other tests are slow


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, modifiers))


def names(window: MainWindow) -> list[str]:
    return [row.path.name for row in window.queue.state.rows]


def states(window: MainWindow) -> list[State]:
    return [row.state for row in window.queue.state.rows]


def run_all(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.jobs.ended, timeout=PATIENCE):
        window.start()


def start_long_job(window: MainWindow, qtbot: QtBot, photos: Photos) -> Path:
    """A picture of 2,500 tiles on one thread, and the first of them done: it lasts longer than any test needs."""
    (large,) = photos("large.png", side=1600)
    window.panel.show_options({"model": "pocket", "device": "cpu", "threads": 1, "tile": 32})
    drop(window, large)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    window.start()
    wait_for_progress(window, qtbot, beyond=0)
    return large


def wait_for_progress(window: MainWindow, qtbot: QtBot, beyond: float) -> None:
    qtbot.waitUntil(lambda: window.queue.state.rows[0].done > beyond, timeout=PATIENCE)


def wait_for_a_standstill(window: MainWindow, qtbot: QtBot) -> float:
    """Until a second goes by in which no tile ends; how much is done then.  A job that goes on is done in the end."""
    seen = (-1.0, 0.0)

    def stands() -> bool:
        nonlocal seen
        done = window.queue.state.rows[0].done
        if done != seen[0]:
            seen = (done, time.monotonic())
        return time.monotonic() - seen[1] > 1

    qtbot.waitUntil(stands, timeout=PATIENCE)
    return seen[0]


def test_a_dropped_folder_becomes_rows(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    (first, *_) = photos("a.png", "b.jpg")
    drop(window, first.parent)
    qtbot.waitUntil(lambda: names(window) == ["a.png", "b.jpg"], timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.queue.state.rows[0].size_out == (120, 96), timeout=PATIENCE)
    qtbot.waitUntil(lambda: "2 files" in window.start_button.text(), timeout=PATIENCE)
    assert window.start_button.text() == "Start\n2 files\n30×24 → 120×96"
    assert window.remark.text().startswith("pocket x4")


def test_the_empty_window_says_what_to_do_and_cannot_start(window: MainWindow) -> None:
    assert window.queue_stack.currentWidget() is window.empty
    assert "Drop" in window.empty.text()
    assert not window.start_button.isEnabled()


def test_files_equal_those_of_the_command_line(
    window: MainWindow, qtbot: QtBot, photos: Photos, tmp_path: Path
) -> None:
    made = photos("a.png", "b.jpg")
    window.panel.folder.setText(str(tmp_path / "from-window"))
    drop(window, *made)
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=PATIENCE)
    run_all(window, qtbot)
    assert states(window) == [State.DONE, State.DONE]
    settings = Settings(model="pocket")
    report = run(make_plan(Request(inputs=tuple(made), output=tmp_path / "from-command"), settings))
    assert report.exit_code == 0
    for path in made:
        ours, theirs = (tmp_path / folder / path.name for folder in ("from-window", "from-command"))
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_bad_file_is_red_with_its_sentence_and_the_others_are_done(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    made = photos("a.png", "b.png")
    bad = made[0].parent / "broken.png"
    bad.write_bytes(made[0].read_bytes()[:60])
    drop(window, made[0], bad, made[1])
    qtbot.waitUntil(lambda: len(names(window)) == 3, timeout=PATIENCE)
    run_all(window, qtbot)
    assert states(window) == [State.DONE, State.FAILED, State.DONE]
    assert "broken.png" in window.queue.state.rows[1].sentence
    window.retry(1)
    assert states(window)[1] is State.WAITING


def test_a_file_that_has_gone_since_it_was_dropped_fails_and_the_others_are_done(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    gone, here = photos("a.png", "b.png")
    drop(window, gone, here)
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=PATIENCE)
    gone.unlink()
    run_all(window, qtbot)
    assert states(window) == [State.FAILED, State.DONE]
    assert window.queue.state.rows[0].sentence == f"{gone} is not there."


def test_cancel_leaves_no_output_of_the_stopped_picture(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    large = start_long_job(window, qtbot, photos)
    with qtbot.waitSignal(window.jobs.ended, timeout=PATIENCE):
        window.cancel_button.click()
    assert states(window) == [State.CANCELLED]
    assert not list((large.parent / "upscaled").glob("*"))


def test_a_paused_job_stands_still_and_goes_on(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    start_long_job(window, qtbot, photos)
    window.pause_button.click()
    stood = wait_for_a_standstill(window, qtbot)
    assert stood < 1
    assert states(window) == [State.RUNNING]
    assert window.pause_button.text() == "Resume"
    window.pause_button.click()
    wait_for_progress(window, qtbot, beyond=stood)


def test_a_job_that_was_paused_ends_like_any_other(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    drop(window, *photos("a.png"))
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    window.start()
    window.pause_button.click()
    assert window.jobs.paused
    with qtbot.waitSignal(window.jobs.ended, timeout=PATIENCE):
        window.pause_button.click()
    assert states(window) == [State.DONE]


def test_the_preview_equals_that_part_of_the_result(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    (photo,) = photos("a.png", side=60)
    drop(window, photo)
    qtbot.waitUntil(lambda: window.previews.shown is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.queue.state.rows[0].size_out is not None, timeout=PATIENCE)
    with qtbot.waitSignal(window.previews.previewed, timeout=PATIENCE) as told:
        window.preview_button.click()
    assert told.args is not None
    made = told.args[0]
    run_all(window, qtbot)
    result = QImage(str(photo.parent / "upscaled" / "a.png"))
    for y, x in ((0, 0), (100, 57), (made.pixels.shape[0] - 1, made.pixels.shape[1] - 1)):
        colour = result.pixelColor(made.left + x, made.top + y)
        assert abs(made.pixels[y, x].astype(int) - (colour.red(), colour.green(), colour.blue())).max() <= 1


def test_settings_are_remembered(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.panel.target.setCurrentIndex(window.panel.target.findData("long_edge"))
    window.panel.amount.setValue(2000)
    window.panel.format.setCurrentIndex(window.panel.format.findData("webp"))
    window.panel.folder.setText(str(tmp_path / "out"))
    window.close()
    again = MainWindow()
    qtbot.addWidget(again)
    assert again.panel.options() == {"model": "pocket", "format": "webp", "long_edge": 2000}
    assert again.panel.output() == tmp_path / "out"
    again.close()


def test_settings_that_make_no_sense_are_told_not_run(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    drop(window, *photos("a.png"))
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    window.panel.model.setText("no-such-model")
    run_all(window, qtbot)
    assert "There is no model 'no-such-model'" in window.message.text()
    assert states(window) == [State.WAITING]


def test_closing_while_working_asks_and_ends_cleanly(
    window: MainWindow, qtbot: QtBot, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = start_long_job(window, qtbot, photos)
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    assert not window.close()
    assert window.jobs.running
    assert window.close()
    assert not answers
    assert not list((large.parent / "upscaled").glob("*"))


def test_the_interface_answers_while_a_job_runs(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    (photo,) = photos("a.png", side=400)
    drop(window, photo)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    gaps: list[float] = []
    last = time.perf_counter() - time_in_line()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter() - time_in_line()
        gaps.append(now - last)
        last = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    run_all(window, qtbot)
    timer.stop()
    log.info("longest gap of the event loop: %.0f ms", max(gaps) * 1000)
    assert states(window) == [State.DONE]
    assert max(gaps) < 1.0


def time_in_line() -> float:
    """Seconds in which this thread was ready and a busy system ran others; 0 where the system does not count them."""
    statistics = Path("/proc/thread-self/schedstat")
    return int(statistics.read_text().split()[1]) / 1e9 if statistics.exists() else 0.0


def test_something_that_is_no_file_is_answered_with_a_hint(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("hello")
    window._take(data)
    assert "Only files and pictures" in window.message.text()


def test_a_pasted_picture_becomes_a_row(window: MainWindow, qtbot: QtBot) -> None:
    image = QImage(20, 10, QImage.Format.Format_RGB888)
    image.fill(Qt.GlobalColor.red)
    data = QMimeData()
    data.setImageData(image)
    window._take(data)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    assert names(window)[0].startswith("pasted-")


def test_the_table_keeps_qts_rules(qtmodeltester: ModelTester) -> None:
    table = QueueModel(QueueState())
    qtmodeltester.check(table)
    table.add([Path("a.png"), Path("b.png")])
    table.change(1, state=State.RUNNING)
    assert table.index(1, 2).data() == "preparing"
    table.change(1, done=0.5, steps=(20, 40), left=12.0)
    assert table.index(1, 2).data() == "50% · 12 s"
    assert table.index(1, 2).data(Qt.ItemDataRole.ToolTipRole) == "tile 20 of 40"
    table.change(1, done=1.0, steps=(40, 40))
    assert table.index(1, 2).data() == "writing"
    table.remove([0])
    assert table.rowCount() == 2 - 1


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (200, "3 min"), (7500, "2 h 05 min")])
def test_times_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_a_first_look_comes_by_itself_and_lets_start_say_how_long_it_takes(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    window.by_itself.setChecked(True)
    drop(window, *photos("a.png", side=60))
    qtbot.waitUntil(lambda: window.viewer.has_result(), timeout=PATIENCE)
    assert "1 file, about " in window.start_button.text()
    window.panel.format.setCurrentIndex(window.panel.format.findData("webp"))
    assert not window.viewer.has_result()


def test_a_look_stays_while_only_the_place_of_the_results_changes(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    window.by_itself.setChecked(True)
    drop(window, *photos("a.png"))
    qtbot.waitUntil(lambda: window.viewer.has_result(), timeout=PATIENCE)
    window.panel.folder.setText("/elsewhere")
    window.panel.advanced.setChecked(True)
    assert window.viewer.has_result()


def test_a_look_is_made_anew_for_settings_that_were_changed_to_and_fro(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    window.by_itself.setChecked(True)
    drop(window, *photos("a.png"))
    qtbot.waitUntil(lambda: window.viewer.has_result(), timeout=PATIENCE)
    window.panel.amount.setValue(2)
    assert not window.viewer.has_result()
    window.panel.amount.setValue(4)
    qtbot.waitUntil(lambda: window.viewer.has_result(), timeout=PATIENCE)


def test_what_is_dropped_while_a_job_runs_follows_it(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    first, second = photos("a.png", "b.png")
    drop(window, first)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    window.start()
    window.pause_button.click()  # it cannot end before the other file is there
    drop(window, second)
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=PATIENCE)
    assert window.jobs.running
    window.pause_button.click()
    qtbot.waitUntil(lambda: states(window) == [State.DONE, State.DONE], timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE)


def test_a_finished_file_is_enlarged_again_with_other_settings_beside_the_old_result(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    (photo,) = photos("a.png")
    drop(window, photo)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    run_all(window, qtbot)
    first = photo.parent / "upscaled" / "a.png"
    made = first.read_bytes()
    window.panel.amount.setValue(2)
    window.table.selectRow(0)
    window._again_selected()
    assert states(window) == [State.WAITING]
    assert "written beside" in window.message.text()
    run_all(window, qtbot)
    assert states(window) == [State.DONE]
    assert first.read_bytes() == made
    (second,) = set(first.parent.glob("*.png")) - {first}
    with Image.open(second) as picture:
        assert picture.size == (60, 48)


def test_where_results_are_to_be_replaced_enlarging_again_replaces_them(
    window: MainWindow, qtbot: QtBot, photos: Photos
) -> None:
    (photo,) = photos("a.png")
    drop(window, photo)
    window.panel.exists.setCurrentIndex(window.panel.exists.findData("overwrite"))
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    run_all(window, qtbot)
    window.panel.amount.setValue(2)
    window.table.selectRow(0)
    window._again_selected()
    assert "replaced" in window.message.text()
    run_all(window, qtbot)
    (only,) = (photo.parent / "upscaled").glob("*.png")
    with Image.open(only) as picture:
        assert picture.size == (60, 48)


def test_what_the_running_job_will_do_cannot_be_removed(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    drop(window, *photos("a.png", "b.png", side=120))
    qtbot.waitUntil(lambda: len(names(window)) == 2, timeout=PATIENCE)
    window.start()
    window.table.selectAll()
    window._remove()
    assert len(names(window)) == 2
    assert "stays in the queue" in window.message.text()
    qtbot.waitUntil(lambda: not window.jobs.running, timeout=PATIENCE)
    window._remove()
    assert names(window) == []


def test_rows_wait_again_when_the_engine_was_killed(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    start_long_job(window, qtbot, photos)
    assert window.engine.pid is not None
    with qtbot.waitSignal(window.jobs.ended, timeout=PATIENCE):
        psutil.Process(window.engine.pid).kill()
    assert "stopped unexpectedly" in window.message.text()
    assert states(window) == [State.WAITING]
    window.start()
    wait_for_progress(window, qtbot, beyond=0)


def test_a_film_is_a_row_with_its_size_and_says_that_it_has_no_preview(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    film = tmp_path / "moving.gif"
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(film, save_all=True, append_images=frames[1:], duration=50)
    drop(window, film)
    qtbot.waitUntil(lambda: window.plans.outlook is not None, timeout=PATIENCE)
    qtbot.waitUntil(lambda: "without a preview" in window.viewer.hint, timeout=PATIENCE)
    assert window.queue.state.rows[0].size_out == (120, 80)
    assert window.queue.state.rows[0].film
    assert not window.preview_button.isEnabled()
    assert "about" not in window.start_button.text()


def test_a_word_comes_at_the_end_unless_it_is_not_wanted(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    told: list[str] = []
    window.notifier.told.connect(told.append)
    (photo,) = photos("a.png")
    drop(window, photo)
    qtbot.waitUntil(lambda: len(names(window)) == 1, timeout=PATIENCE)
    other = QWidget()
    qtbot.addWidget(other)
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow(), timeout=PATIENCE)
    run_all(window, qtbot)
    assert [text.split(",")[0] for text in told] == ["1 done"]
    window.notice.setChecked(False)
    window.retry(0)
    run_all(window, qtbot)
    assert len(told) == 1


def test_files_can_be_dropped_on_any_part_of_the_window(window: MainWindow) -> None:
    assert window.acceptDrops()
    assert not [widget for widget in window.findChildren(QWidget) if widget.acceptDrops()]


def test_everything_is_reached_by_keys_and_has_a_name(window: MainWindow, qtbot: QtBot, photos: Photos) -> None:
    drop(window, *photos("a.png"))
    qtbot.waitUntil(lambda: window.previews.shown is not None, timeout=PATIENCE)
    window.table.setFocus()
    order: list[QWidget] = []
    while (here := window.focusWidget()) is not None and here not in order:
        order.append(here)
        window.focusNextChild()
    buttons = [w for w in window.findChildren(QAbstractButton) if w.isVisible() and w.isEnabled()]
    fields = [w for w in window.findChildren(QComboBox) if w.isEnabled()]
    assert not [w for w in (*buttons, *fields, window.viewer) if w not in order and w.focusPolicy() != NO_FOCUS]
    assert order.index(window.viewer) < order.index(window.panel.target) < order.index(window.start_button)
    for widget in order:
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        text = widget.title() if isinstance(widget, QGroupBox) else text
        assert widget.accessibleName() or text.strip("…"), widget


def test_the_slider_moves_by_keys_and_says_where_it_is(window: MainWindow, qtbot: QtBot) -> None:
    window.viewer.setFocus()
    qtbot.keyClick(window.viewer, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert window.viewer.state.split == pytest.approx(0.55)
    assert "slider at 55%" in window.viewer.accessibleDescription()


def test_100_percent_is_one_to_one_on_a_screen_of_high_density() -> None:
    code = """
import sys
import numpy as np
from PySide6.QtWidgets import QApplication
from upscaler_gui.images import to_levels
from upscaler_gui.viewer import Viewer
app = QApplication([])
pixels = np.random.default_rng(1).integers(0, 256, (900, 900, 3), dtype=np.uint8)
viewer = Viewer()
viewer.resize(200, 150)
viewer.show()
viewer.show_picture(to_levels(pixels), 900, 900)
viewer.zoom_to(1.0)
seen = viewer.grab().toImage()
assert (seen.width(), seen.height()) == (400, 300), seen.size()
left, top, *_ = viewer.state.visible()
for x, y in ((10, 20), (399, 5), (200, 150), (7, 299)):
    colour = seen.pixelColor(x, y)
    assert (colour.red(), colour.green(), colour.blue()) == tuple(pixels[top + y, left + x])
"""
    environment = {**os.environ, "QT_SCALE_FACTOR": "2", "PYTHONPATH": "gui"}
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


def test_options_of_another_version_are_left_out_and_the_others_restored() -> None:
    text = '{"model": "span", "hologram": true, "quality": 400, "format": "png"}'
    assert options_from_text(text) == {"model": "span", "format": "png"}
    assert options_from_text("nonsense") == {}


def test_a_long_session_does_not_end_python() -> None:
    code = """
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLabel
import upscaler_gui
class Speaker(QObject):
    said = Signal()
app, speaker = QApplication([]), Speaker()
label = QLabel()
for number in range(200_000):
    label.setText("a")
    label.isVisible()
    speaker.said.emit()
"""
    environment = {**os.environ, "PYTHONPATH": "gui"}
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", code], env=environment, cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr

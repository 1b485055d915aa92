"""Five thousand files, and how soon the window is there.  Measured in a process of its own."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gui.conftest import Photos

log = logging.getLogger(__name__)

OPEN = """
import sys, time
began = time.perf_counter()
import json, os, psutil
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from upscaler_gui.main_window import MainWindow
app = QApplication([])
window = MainWindow()
window.by_itself.setChecked(False)
window.show()
app.processEvents()
told = {"open": time.perf_counter() - began}
"""

DROP = """
def clock():  # stands still while a busy system runs others, where the system counts that
    line = Path("/proc/thread-self/schedstat")
    return time.perf_counter() - (int(line.read_text().split()[1]) / 1e9 if line.exists() else 0)
gaps, last = [0.0], clock()
def tick():
    global last
    now = clock()
    gaps.append(now - last)
    last = now
timer = QTimer()
timer.timeout.connect(tick)
timer.start(1)
def until(true):
    while not true():
        app.processEvents()
        time.sleep(0.001)
window.panel.model.setText("pocket")
began, spent = time.perf_counter(), time.process_time()
window.add([Path(sys.argv[1])])
until(lambda: window.queue.rowCount() >= 5000)
told["rows"] = time.perf_counter() - began
told["rows_spent"] = time.process_time() - spent
until(lambda: window.plans.outlook is not None)
told["planned"] = time.perf_counter() - began
window.table.scrollToBottom()
until(lambda: window.queue.has_thumbnail(window.queue.state.rows[-1].path))
told["gap"] = max(gaps)
"""

TELL = """
told["rss"] = psutil.Process().memory_info().rss / 1e6
told["torch"] = "torch" in sys.modules
window.close()
print(json.dumps(told))
"""


def measured(code: str, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-c", code, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2])
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    log.info("%s", told)
    return told


def test_the_window_opens_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "gui")
    assert not measured(OPEN + TELL)["torch"]


@pytest.mark.slow
def test_five_thousand_files_become_rows_at_once_and_cost_little_memory(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = photos("00000.png")
    for number in range(1, 5000):
        (first.parent / f"{number:05}.png").write_bytes(first.read_bytes())
    monkeypatch.setenv("PYTHONPATH", "gui")
    told = measured(OPEN + DROP + TELL, str(first.parent))
    assert told["rows_spent"] < 2  # of the processor: other programs may take as much of the time as they like
    assert told["rss"] < 400
    assert not told["torch"]
    assert told["gap"] < 1.0

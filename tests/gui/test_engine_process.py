"""The process behind the window: it works below the desktop's own priority."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot
from upscaler_gui.engine_link import EngineLink
from upscaler_gui.engine_process import NICE, JobOrder

from tests.gui.conftest import Photos
from upscaler.jobs.plan import Request
from upscaler.jobs.settings import Settings

PATIENCE = 60_000


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[EngineLink]:
    engine = EngineLink()
    yield engine
    engine.end()


def run_job(engine: EngineLink, qtbot: QtBot, photos: Photos, tmp_path: Path) -> psutil.Process:
    """The process after a job, with the threads that a job starts."""
    request = Request(inputs=tuple(photos("a.png")), output=tmp_path / "out")
    handle = engine.submit(JobOrder(request, Settings(model="pocket", device="cpu", threads=2)))
    with qtbot.waitSignal(handle.done, timeout=PATIENCE):
        pass
    assert engine.pid is not None
    return psutil.Process(engine.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the priority of each thread")
def test_every_thread_of_the_engine_steps_back_behind_the_desktop(
    engine: EngineLink, qtbot: QtBot, photos: Photos, tmp_path: Path
) -> None:
    before = psutil.Process().nice()
    process = run_job(engine, qtbot, photos, tmp_path)
    stats = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/stat")]
    nice = [int(stat.rpartition(")")[2].split()[16]) for stat in stats]
    assert len(nice) > 1
    assert set(nice) == {max(before, NICE)}
    assert psutil.Process().nice() == before


@pytest.mark.skipif(sys.platform != "win32", reason="Windows has priority classes")
def test_the_engine_is_below_normal_on_windows(
    engine: EngineLink, qtbot: QtBot, photos: Photos, tmp_path: Path
) -> None:
    process = run_job(engine, qtbot, photos, tmp_path)
    assert process.nice() == psutil.BELOW_NORMAL_PRIORITY_CLASS

"""``--memory`` covers decoder, network and encoder together, and files are written by strips."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pictures import noise, save
from upscaler.jobs import Plan, Request, Settings, budget, film_line, make_plan, pictures, run
from upscaler.jobs.pipe import Pipe
from upscaler.media import rows as media_rows
from upscaler.media.films.formats import Layout
from upscaler.media.films.reader import Frame
from upscaler.media.formats import FORMATS
from upscaler.media.still import read_picture
from upscaler.media.writing import FileSink

PATIENCE = 60.0  # seconds, after which a test fails instead of hanging
MEMORY = 8 << 20


class Watched:
    """Every pipe of a job: the most bytes that were in it, and whether someone had to wait to put more in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.most: dict[Pipe[Any], int] = {}
        self.full = Event()
        put = Pipe.put

        def watched(pipe: Pipe[Any], thing: Any, size: int = 0) -> None:
            if pipe._full(size):
                self.full.set()
            put(pipe, thing, size)
            self.most[pipe] = max(self.most.get(pipe, 0), pipe._bytes)

        monkeypatch.setattr(Pipe, "put", watched)


def planned(source: Path, output: Path, model: str, **settings: Any) -> Plan:
    chosen = {"model": model, "scale": 2.0, "precision": "fp32", "memory": MEMORY, "device": "cpu"} | settings
    return make_plan(Request(inputs=(source,), output=output), Settings(**chosen))


@given(st.integers(8, 2**40))
def test_what_waits_and_the_network_share_what_was_allowed(memory: int) -> None:
    network = budget.of_network(memory)
    assert network is not None
    assert network + 2 * budget.waiting(memory) <= memory
    assert network >= memory * 3 // 4


def test_the_engine_gets_the_networks_part(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    plan = planned(save(tmp_path / "a.png"), tmp_path / "out.png", repeater(2))
    assert plan.items[0].work is not None
    (step,) = plan.items[0].work.recipe.steps
    assert plan.models.upscaler(step)._memory == budget.of_network(MEMORY)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_rows_that_wait_for_a_slow_encoder_stay_within_the_budget(
    tmp_path: Path, repeater: Callable[[int], str], monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """The encoder does not begin before the network had to stop for it."""
    pixels = noise(1100, 700)
    source = save(tmp_path / "a.png", pixels)
    watched = Watched(monkeypatch)
    strips: list[int] = []
    opened: list[Path] = []
    write, open_rows = FileSink.write, media_rows.open_rows

    def writing(self: FileSink, rows: Any) -> None:
        assert watched.full.wait(PATIENCE)
        strips.append(rows.nbytes)
        write(self, rows)

    def opening(path: Path, header: Any) -> Any:
        opened.append(path)
        return open_rows(path, header)

    monkeypatch.setattr(FileSink, "write", writing)
    monkeypatch.setattr(pictures, "open_rows", opening)
    output = tmp_path / f"out{suffix}"
    report = run(planned(source, output, repeater(2), tile=64))
    assert report.exit_code == 0
    assert opened == [source]  # larger than what may wait, it is decoded by rows too
    assert max(watched.most.values()) <= budget.waiting(MEMORY)
    assert sum(strips) == 4 * pixels.nbytes
    assert max(strips) < sum(strips) / 8
    if suffix != ".jpg":
        assert np.array_equal(read_picture(output).pixels, pixels.repeat(2, 0).repeat(2, 1))


def test_frames_that_wait_for_a_slow_encoder_stay_within_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch)
    pixels = np.zeros((90, 160, 3), np.float32)
    session: Any = SimpleNamespace(
        check=lambda: None, settings=Settings(memory=MEMORY), worked=lambda kind, worked: None
    )
    frames = (
        film_line.Ready(Frame(number, number, 1, Layout("gbrp", "rgb", 8), []), pixels, None) for number in range(40)
    )
    written: list[int] = []

    def write(made: film_line.Made) -> None:
        assert watched.full.wait(PATIENCE)
        written.append(made.ready.frame.index)

    def enlarge(group: Any, begins: bool) -> list[Any]:
        return [frame.repeat(2, 0).repeat(2, 1) for frame in group]

    film_line.run_line(frames, enlarge, write, session, group=1, piece=24, on_cpu=True)
    assert written == list(range(40))
    assert max(watched.most.values()) <= budget.waiting(MEMORY)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_coded_from_the_whole_picture_is_said_beforehand(
    tmp_path: Path, repeater: Callable[[int], str], name: str
) -> None:
    source = save(tmp_path / "a.png", noise(400, 500))
    output = tmp_path / f"out.{name}"
    said = {
        memory: [sentence for sentence in work.warnings if "beside --memory" in sentence]
        for memory in (None, 1 << 20, 1 << 30)
        if (work := planned(source, output, repeater(2), memory=memory).items[0].work)
    }
    assert said[None] == said[1 << 30] == []
    by_rows = name in ("png", "tiff", "jpg")
    title = FORMATS[name].title
    sentence = (
        f"{title} is coded from the whole picture, 2 MB of memory beside --memory; "
        "png, tiff and jpg are written by rows."
    )
    assert said[1 << 20] == ([] if by_rows else [sentence])

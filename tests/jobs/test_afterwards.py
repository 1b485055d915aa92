"""After a job nothing of it goes on: no thread, no engine, no memory of a device."""

import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.pictures import noise, save
from upscaler.engine import Upscaler, devices
from upscaler.jobs import Control, Request, Settings, events, make_plan, run
from upscaler.jobs.preview import preview
from upscaler.jobs.recipes import Models


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["weakref.ref[Upscaler]"]]:
    """Engines that were made, without keeping them; freed by reference counts alone, as on a device that is full."""
    made: list[weakref.ref[Upscaler]] = []
    begin = Upscaler.__init__

    def watched(self: Upscaler, *arguments: Any, **options: Any) -> None:
        made.append(weakref.ref(self))
        begin(self, *arguments, **options)

    monkeypatch.setattr(Upscaler, "__init__", watched)
    gc.disable()
    yield made
    gc.enable()


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch, made: list["weakref.ref[Upscaler]"]) -> list[tuple[str, int]]:
    """Devices whose memory was given back, and how many engines still lived then."""
    released: list[tuple[str, int]] = []

    def release(device: torch.device) -> None:
        released.append((str(device), sum(engine() is not None for engine in made)))

    monkeypatch.setattr(devices, "release", release)
    return released


@pytest.mark.parametrize("end", ["done", "cancelled", "failed"])
def test_a_job_gives_everything_back_however_it_ends(
    tmp_path: Path,
    repeater: Callable[[int], str],
    made: list["weakref.ref[Upscaler]"],
    released: list[tuple[str, int]],
    end: str,
) -> None:
    for number in range(3):
        save(tmp_path / f"in/{number}.png", noise(90, 80, seed=number))
    if end == "failed":
        broken = tmp_path / "in/2.png"
        broken.write_bytes(broken.read_bytes()[:2000])
    settings = Settings(model=repeater(1), scale=1.0, device="cpu", tile=32)
    plan = make_plan(Request(inputs=(tmp_path / "in",), output=tmp_path / "out"), settings)
    control = Control()

    def tell(event: events.Event) -> None:
        if end == "cancelled" and isinstance(event, events.Progress):
            control.cancel()

    before = threading.active_count()
    report = run(plan, tell=tell, control=control)
    assert report.exit_code == {"done": 0, "cancelled": 130, "failed": 1}[end]
    assert len(report.engines) == 1
    assert [engine() for engine in made] == [None]
    assert released == [("cpu", 0)]
    assert threading.active_count() == before


def test_a_job_that_found_everything_done_touches_no_device(
    tmp_path: Path, repeater: Callable[[int], str], released: list[tuple[str, int]]
) -> None:
    save(tmp_path / "a.png")
    for _ in range(2):
        run(
            make_plan(
                Request(inputs=(tmp_path / "a.png",), output=tmp_path / "out"), Settings(model=repeater(1), scale=1.0)
            )
        )
    assert len(released) == 1


def test_a_preview_keeps_its_engine_and_gives_the_memory_back(
    repeater: Callable[[int], str], released: list[tuple[str, int]]
) -> None:
    models = Models(Settings(model=repeater(2), scale=2.0, device="cpu"))
    for count in (1, 2):
        preview(noise(40, 50), (5, 5, 20, 20), models)
        assert released == [("cpu", 1)] * count


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_cards_memory_is_free_after_a_job(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    save(tmp_path / "a.png", noise(300, 400))
    settings = Settings(model=repeater(2), scale=2.0, device="cuda")
    before = torch.cuda.memory_reserved()
    assert run(make_plan(Request(inputs=(tmp_path / "a.png",), output=tmp_path / "out"), settings)).exit_code == 0
    assert torch.cuda.memory_reserved() <= before

"""Decoding, network and encoding at the same time; and for whom the others had to wait."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.pictures import noise, save
from upscaler.engine import Upscaler
from upscaler.engine.executors.eager import Eager
from upscaler.jobs import Control, Report, Request, Settings, events, film_line, make_plan, pictures, run
from upscaler.jobs.pipe import Pipe, run_stages
from upscaler.jobs.stages import Worked, told
from upscaler.media.films.formats import Layout
from upscaler.media.films.reader import Frame
from upscaler.media.writing import FileSink

PATIENCE = 60.0  # seconds, after which a test fails instead of hanging


class Moments:
    """What has happened, by name; who waits for something that never comes fails."""

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self.missed: list[str] = []

    def happened(self, name: str) -> None:
        self._events.setdefault(name, Event()).set()

    def await_(self, name: str) -> None:
        if not self._events.setdefault(name, Event()).wait(PATIENCE):
            self.missed.append(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five pictures that cannot share calls of the network, each being of another form than the last."""
    for number in range(5):
        save(tmp_path / f"in/{number}.png", noise(30, 40, 3 if number % 2 else 1, seed=number))
    return tmp_path / "in"


def do(folder: Path, model: str, control: Control | None = None, tell: Any = None, **settings: Any) -> Report:
    chosen = {"model": model, "scale": 1.0, "precision": "fp32"} | settings
    plan = make_plan(Request(inputs=(folder,), output=folder.parent / "out"), Settings(**chosen))
    return run(plan, control=control, tell=tell)


def test_the_network_waits_neither_for_the_decoder_nor_for_the_encoder(
    folder: Path, repeater: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first picture is held in the network until all are decoded, and in the encoder until all are enlarged.

    A program whose stages took turns would never come to the end.
    """
    moments = Moments()
    decode, enlarge, write = pictures.read_picture, Upscaler.upscale_rows, FileSink.write

    def decoding(path: Path, **options: Any) -> Any:
        picture = decode(path, **options)
        moments.happened(f"decoded {path.name}")
        return picture

    def enlarging(self: Upscaler, source: Any) -> Iterator[Any]:
        moments.await_("decoded 4.png")
        return enlarge(self, source)

    def writing(self: FileSink, rows: Any) -> None:
        if self.path.name == "0.png":
            moments.await_("enlarged 4")
        write(self, rows)

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Progress) and event.done == event.total:
            moments.happened(f"enlarged {event.item}")

    monkeypatch.setattr(pictures, "read_picture", decoding)
    monkeypatch.setattr(Upscaler, "upscale_rows", enlarging)
    monkeypatch.setattr(FileSink, "write", writing)
    report = do(folder, repeater(1), tell=tell)
    assert moments.missed == []
    assert [item.state for item in report.items] == ["finished"] * 5


def test_frames_of_a_film_are_decoded_enlarged_and_written_at_the_same_time() -> None:
    moments = Moments()
    noted: list[Worked] = []
    session: Any = SimpleNamespace(
        check=lambda: None, settings=Settings(), worked=lambda kind, worked: noted.append(worked)
    )
    pixels = np.zeros((4, 4, 3), np.float32)

    def frames() -> Iterator[film_line.Ready]:
        for number in range(6):
            frame = Frame(number, number, 1, Layout("gbrp", "rgb", 8), [], damaged=False)
            yield film_line.Ready(frame, pixels, None)
        moments.happened("all decoded")

    def enlarge(group: Any, begins: bool) -> list[Any]:
        moments.await_("all decoded")
        larger.append(len(group))
        if sum(larger) == 6:
            moments.happened("all enlarged")
        return list(group)

    def write(made: film_line.Made) -> None:
        moments.await_("all enlarged")
        written.append(made.ready.frame.index)

    larger: list[int] = []
    written: list[int] = []
    film_line.run_line(frames(), enlarge, write, session, group=1, piece=24, on_cpu=True)
    assert moments.missed == []
    assert written == list(range(6))
    assert len(noted) == 1


@pytest.mark.parametrize("slow", ["decoding", "the network", "encoding"])
def test_the_stage_that_the_others_wait_for_is_found(slow: str) -> None:
    decoded: Pipe[int] = Pipe(2, 100)
    enlarged: Pipe[int] = Pipe(2, 100)

    def work(stage: str) -> None:
        if stage == slow:
            time.sleep(0.05)

    def decode() -> None:
        for number in range(8):
            work("decoding")
            decoded.put(number)
        decoded.end()

    def enlarge() -> None:
        while (number := decoded.get()) is not None:
            work("the network")
            enlarged.put(number)

    def encode() -> None:
        while enlarged.get() is not None:
            work("encoding")

    worked = run_stages("test", decode, decoded, enlarge, enlarged, encode)
    assert worked.bound == slow
    assert all(0 <= share <= 1 for share in worked.shares.values())


@pytest.mark.parametrize(
    ("kind", "worked", "sentence"),
    [
        (
            "pictures",
            Worked(1, 9, 4, 10),
            "Pictures waited for the network, at work 90% of the time (decoding 10%, encoding 40%); a lighter model "
            "(--prefer flops), another executor (`upscaler bench`) or a faster device would help.",
        ),
        (
            "pictures",
            Worked(1, 2, 4, 5),
            "Pictures waited for encoding, at work 80% of the time (decoding 20%, the network 40%); a format that is "
            "coded faster (-f png, tiff or jpg) or a faster disk for the outputs would help.",
        ),
        (
            "films",
            Worked(1, 6, 9, 10),
            "Films waited for encoding, at work 90% of the time (decoding 10%, the network 60%); a faster "
            "--encoder-preset or another --codec would help.",
        ),
        (
            "films",
            Worked(8, 6, 1, 10),
            "Films waited for decoding, at work 80% of the time (the network 60%, encoding 10%); a faster disk, or a "
            "film that is easier to decode, would help.",
        ),
    ],
)
def test_the_bounding_stage_is_named_with_what_would_help(kind: str, worked: Worked, sentence: str) -> None:
    assert told(kind, worked) == sentence


def test_the_report_tells_how_long_each_stage_was_at_work(folder: Path, repeater: Callable[[int], str]) -> None:
    report = do(folder, repeater(1))
    worked = report.stages["pictures"]
    assert 0 < worked.network <= worked.whole
    assert report.bounds == [told("pictures", worked)]


def test_a_job_that_stood_still_blames_no_stage(folder: Path, repeater: Callable[[int], str]) -> None:
    control = Control()
    control.pause()
    control.resume()
    report = do(folder, repeater(1), control)
    assert report.items[0].state == "finished"
    assert report.stages == {}
    assert report.bounds == []


def test_a_job_of_which_nothing_came_blames_no_stage(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    broken = save(tmp_path / "in/a.png", noise(90, 80))
    broken.write_bytes(broken.read_bytes()[:2000])
    report = do(tmp_path / "in", repeater(1))
    assert report.items[0].state == "failed"
    assert report.bounds == []


def test_small_pictures_of_a_job_share_calls_of_the_network(
    tmp_path: Path, repeater: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is held at the first picture until eight others are decoded; they go through it together."""
    for number in range(12):
        save(tmp_path / f"in/{number:02}.png", noise(30, 40, 1 if number == 0 else 3, seed=number))
    moments = Moments()
    decode, enlarge, forward = pictures.read_picture, Upscaler.upscale_rows, Eager.run
    together: list[int] = []

    def decoding(path: Path, **options: Any) -> Any:
        moments.happened(f"decoding {path.name}")
        return decode(path, **options)

    def enlarging(self: Upscaler, source: Any) -> Iterator[Any]:
        moments.await_("decoding 09.png")
        return enlarge(self, source)

    def computing(self: Eager, x: torch.Tensor, window: torch.Tensor | None) -> torch.Tensor:
        together.append(len(x))
        return forward(self, x, window)

    monkeypatch.setattr(pictures, "read_picture", decoding)
    monkeypatch.setattr(Upscaler, "upscale_rows", enlarging)
    monkeypatch.setattr(Eager, "run", computing)
    report = do(tmp_path / "in", repeater(1))
    assert moments.missed == []
    assert report.exit_code == 0
    assert sum(together) == 12
    assert together[0] == 1
    assert together[1] >= 8


@pytest.mark.parametrize(("asked", "threads"), [(None, 3), (1, 1), (2, 2)])
def test_a_job_takes_the_threads_it_was_given_or_all_cores_but_one(
    folder: Path, repeater: Callable[[int], str], monkeypatch: pytest.MonkeyPatch, asked: int | None, threads: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("psutil.cpu_count", lambda logical: 4)
    monkeypatch.setattr("upscaler.engine.cores._allowed", lambda: 8)
    seen: set[int] = set()

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Progress):
            seen.add(torch.get_num_threads())

    before = torch.get_num_threads()
    try:
        do(folder, repeater(1), tell=tell, device="cpu", threads=asked)
    finally:
        torch.set_num_threads(before)
    assert seen == {threads}

"""Jobs on real files, with a network that repeats pixels."""

import errno
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pictures import noise, save
from upscaler.errors import ModelError
from upscaler.jobs import Control, FilmSettings, Report, Request, Settings, events, make_plan, run
from upscaler.media import rows as media_rows
from upscaler.media.files import DiskFull, NewFile, told
from upscaler.media.formats import FORMATS
from upscaler.media.still import read_picture

Job = Callable[..., tuple[Report, list[events.Event]]]


@pytest.fixture
def job(repeater: Callable[[int], str]) -> Job:
    """Plans and runs; keywords are the request's, ``settings`` those of the settings, ``control`` the run's."""

    def do(
        *inputs: Path, settings: dict[str, Any] | None = None, control: Control | None = None, **request: Any
    ) -> tuple[Report, list[events.Event]]:
        chosen = {"model": repeater(1), "scale": 1.0, "precision": "fp32"} | (settings or {})
        told: list[events.Event] = []
        plan = make_plan(Request(inputs=inputs, **request), Settings(**chosen))
        return run(plan, tell=told.append, control=control), told

    return do


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def states(report: Report) -> list[str]:
    return [item.state for item in report.items]


EXACT = [
    (form.suffixes[0], dtype, channels)
    for form in FORMATS.values()
    if form.name in ("png", "tiff", "bmp", "webp", "jxl")
    for dtype in form.dtypes
    if dtype != "float32"
    for channels in sorted(form.channels)
]


@pytest.mark.parametrize(("suffix", "dtype", "channels"), EXACT, ids=str)
def test_a_network_that_changes_nothing_changes_nothing(
    tmp_path: Path, job: Job, suffix: str, dtype: str, channels: int
) -> None:
    pixels = noise(31, 45, channels, dtype)
    if channels in (2, 4):
        pixels[:, :, -1] = np.maximum(pixels[:, :, -1], 1)  # colour under full transparency may change
    save(tmp_path / f"a{suffix}", pixels, lossless=True)
    report, _ = job(tmp_path / f"a{suffix}", output=tmp_path / "out")
    assert states(report) == ["finished"]
    assert np.array_equal(read_picture(tmp_path / "out" / f"a{suffix}").pixels, pixels)


def test_floats_keep_what_lies_beyond_white(tmp_path: Path, job: Job) -> None:
    pixels = noise(20, 20, 3, "float32") * 3 - 1
    save(tmp_path / "a.tif", pixels)
    job(tmp_path / "a.tif", output=tmp_path / "out")
    assert np.allclose(read_picture(tmp_path / "out/a.tif").pixels, pixels, atol=1e-6)


def test_the_result_has_exactly_the_size_asked_for(tmp_path: Path, job: Job, repeater: Callable[[int], str]) -> None:
    save(tmp_path / "a.png", noise(21, 34))
    for number, (settings, size) in enumerate(
        [({"scale": 2.0}, (68, 42)), ({"scale": 1.3}, (44, 27)), ({"scale": 3.7}, (126, 78)), ({"width": 50}, (50, 31)),
         ({"fit": (100, 100)}, (100, 62)), ({"width": 40, "height": 90}, (40, 90)), ({"scale": 0.4}, (14, 8))]
    ):  # fmt: skip
        job(tmp_path / "a.png", output=tmp_path / f"{number}.png", settings={"model": repeater(2)} | settings)
        back = read_picture(tmp_path / f"{number}.png")
        assert (back.width, back.height) == size


def test_pixels_are_repeated_by_the_network_that_does_so(
    tmp_path: Path, job: Job, repeater: Callable[[int], str]
) -> None:
    pixels = noise(40, 30)
    save(tmp_path / "a.png", pixels)
    job(tmp_path / "a.png", output=tmp_path / "b.png", settings={"model": repeater(2), "scale": 4.0})
    assert np.array_equal(read_picture(tmp_path / "b.png").pixels, pixels.repeat(4, 0).repeat(4, 1))


def test_bad_files_are_named_and_the_others_are_done(tmp_path: Path, job: Job) -> None:
    folder = tmp_path / "in"
    for name in ("a.png", "b.jpg", "sub/c.webp"):
        save(folder / name)
    (folder / "cut.png").write_bytes(save(folder / "cut.png", noise(60, 60)).read_bytes()[:2000])
    (folder / "text.jpg").write_text("From: someone\n")
    report, happened = job(folder, output=tmp_path / "out")
    assert files(tmp_path / "out") == ["a.png", "b.jpg", "sub/c.webp"]
    assert report.exit_code == 1
    assert [e.sentence for e in happened if isinstance(e, events.Failed)] == [
        f"{folder / 'cut.png'} ends in the middle of the picture; it was left out.",
        f'{folder / "text.jpg"} is not a picture: it begins with text ("From: someone..."); it was left out.',
    ]
    assert happened[-1] == events.Completed(3, 2, 0, report.seconds, 1)


def test_damage_behind_the_header_is_found_while_the_others_go_on(tmp_path: Path, job: Job) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        save(tmp_path / "in" / name, noise(90, 90))
    middle = tmp_path / "in/b.jpg"
    middle.write_bytes(middle.read_bytes()[:3000])
    report, _ = job(tmp_path / "in", output=tmp_path / "out")
    assert states(report) == ["finished", "failed", "finished"]
    assert files(tmp_path / "out") == ["a.jpg", "c.jpg"]


def test_the_same_command_again_does_nothing_and_says_so(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png")
    job(tmp_path / "in", output=tmp_path / "out")
    before = (tmp_path / "out/a.png").stat()
    report, happened = job(tmp_path / "in", output=tmp_path / "out")
    assert states(report) == ["skipped"]
    assert report.exit_code == 0
    assert (tmp_path / "out/a.png").stat() == before
    (skipped,) = (e for e in happened if isinstance(e, events.Skipped))
    assert skipped.sentence.endswith("is there already, made from this input with these settings.")


@pytest.mark.parametrize("change", ["input", "settings", "output", "model"])
def test_an_output_is_not_taken_for_done_when_anything_changed(
    tmp_path: Path, job: Job, repeater: Callable[[int], str], change: str
) -> None:
    source, out = tmp_path / "in/a.png", tmp_path / "out/a.png"
    save(source, noise(9, 9))
    job(tmp_path / "in", output=out.parent)
    settings: dict[str, Any] = {}
    if change == "input":
        save(source, noise(9, 9, seed=2))
    elif change == "settings":
        settings = {"strip_metadata": True}
    elif change == "output":
        save(out, noise(9, 9, seed=3))
    else:
        settings = {"model": repeater(2)}
    before = out.read_bytes()
    report, _ = job(tmp_path / "in", output=out.parent, settings=settings)
    assert states(report) == ["failed"]
    assert "--exists overwrite" in report.items[0].sentence
    assert out.read_bytes() == before
    report, _ = job(tmp_path / "in", output=out.parent, settings=settings, exists="overwrite")
    assert states(report) == ["finished"]


def test_settings_that_do_not_concern_pictures_do_not_undo_them(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png")
    job(tmp_path / "in", output=tmp_path / "out")
    other = {"film": FilmSettings(crf=30.0), "threads": 1, "max_megapixels": 5.0}
    assert states(job(tmp_path / "in", output=tmp_path / "out", settings=other)[0]) == ["skipped"]


def test_a_touched_but_equal_input_is_still_done(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png")
    job(tmp_path / "in", output=tmp_path / "out")
    os.utime(tmp_path / "in/a.png", (1, 1))
    assert states(job(tmp_path / "in", output=tmp_path / "out")[0]) == ["skipped"]


def test_rename_writes_beside_what_is_there(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png")
    for _ in range(3):
        job(tmp_path / "in", output=tmp_path / "out", exists="rename")
    assert files(tmp_path / "out") == ["a.png", "a_2.png", "a_3.png"]


ODD = ["a b.png", "#1.png", "100%.png", "it's.png", "[x].png", "-n.png", "\u732b\U0001f431.png", "e\u0301.png",
       "failed.png", os.fsdecode(b"caf\xe9.png"), "a" * 251 + ".png"]  # fmt: skip


def test_odd_names_come_out_under_the_same_names(tmp_path: Path, job: Job) -> None:
    for name in ODD:
        save(tmp_path / "in" / "x.png").rename(tmp_path / "in" / name)
    report, _ = job(tmp_path / "in", output=tmp_path / "out")
    assert [item.sentence for item in report.items] == [""] * len(ODD)
    assert files(tmp_path / "out") == sorted(ODD)
    report.write(tmp_path / "report.json")
    assert states(job(tmp_path / "in", output=tmp_path / "out")[0]) == ["skipped"] * len(ODD)


class FullDisk:
    """A disk that is full after ``room`` bytes, wherever in a file that is."""

    def __init__(self, room: int) -> None:
        self.room = room

    def wrap(self, file: Any) -> Any:
        disk, write = self, file.write

        class Wrapped:
            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def write(self, data: Any) -> int:
                disk.room -= len(data)
                if disk.room < 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return int(write(data))

        return Wrapped()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
@pytest.mark.parametrize("room", [0, 20, 500, 3000, 8000])
def test_a_full_disk_ends_the_job_and_leaves_no_part(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch, suffix: str, room: int
) -> None:
    for number in range(6):
        save(tmp_path / f"in/{number}{suffix}", noise(30, 40, seed=number))
    disk = FullDisk(room)
    begin = NewFile.__init__

    def on_small_disk(self: NewFile, path: Path) -> None:
        begin(self, path)
        self.file = disk.wrap(self.file)

    monkeypatch.setattr(NewFile, "__init__", on_small_disk)
    report, happened = job(tmp_path / "in", output=tmp_path / "out")
    monkeypatch.undo()
    assert report.exit_code == 4
    assert isinstance(happened[-1], events.Completed)
    assert "No room on the disk" in report.error
    assert "the same command goes on from there" in report.error
    done = [Path(item.output).name for item in report.items if item.state == "finished"]
    assert files(tmp_path / "out") == sorted(done)
    for name in done:
        read_picture(tmp_path / "out" / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_really_full_device_is_recognised() -> None:
    with pytest.raises(DiskFull), told(Path("/dev/full")), Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")


def test_a_cancelled_job_leaves_whole_files_only(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    for number in range(30):
        save(tmp_path / f"in/{number:02}.png", noise(300, 300, seed=number))
    control = Control()

    def tell(event: events.Event) -> None:
        if isinstance(event, events.Finished):
            control.cancel()

    plan = make_plan(
        Request(inputs=(tmp_path / "in",), output=tmp_path / "out"), Settings(model=repeater(1), scale=1.0)
    )
    report = run(plan, tell=tell, control=control)
    assert report.exit_code == 130
    assert "not done" in states(report)
    for name in files(tmp_path / "out"):
        assert not name.startswith(".")
        read_picture(tmp_path / "out" / name)


def test_a_paused_job_waits_and_goes_on(tmp_path: Path, job: Job) -> None:
    for number in range(3):
        save(tmp_path / f"in/{number}.png", noise(60, 60))
    control = Control()
    control.pause()
    results: list[Report] = []
    thread = threading.Thread(
        target=lambda: results.append(job(tmp_path / "in", output=tmp_path / "out", control=control)[0])
    )
    thread.start()
    thread.join(1.5)
    assert thread.is_alive()
    assert not (tmp_path / "out").exists() or not files(tmp_path / "out")
    control.resume()
    thread.join(60)
    assert states(results[0]) == ["finished"] * 3


def test_no_thread_is_left_behind(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "a.png")
    before = threading.active_count()
    job(tmp_path / "a.png", output=tmp_path / "out")
    assert threading.active_count() <= before


def test_leftovers_of_killed_runs_are_removed_and_nothing_else(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png")
    out = tmp_path / "out"
    dead = NewFile(out / "old.png")
    dead.file.close()
    gone = dead.part.with_name(dead.part.name.replace(f"-{os.getpid()}-", "-999999999-"))
    dead.part.rename(gone)
    alive = NewFile(out / "now.png")
    (out / ".hidden.part").touch()
    job(tmp_path / "in", output=out)
    assert files(out) == sorted([".hidden.part", "a.png", alive.part.name])
    alive.abandon()


def test_a_model_that_cannot_be_had_is_told_before_anything_is_done(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "m.safetensors").write_bytes(b"nonsense")
    with pytest.raises(ModelError):
        job(tmp_path / "a.png", output=tmp_path / "out", settings={"model": str(tmp_path / "m.safetensors")})
    assert not (tmp_path / "out").exists()


def test_large_pictures_go_by_rows_with_the_same_result(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch, repeater: Callable[[int], str]
) -> None:
    pixels = noise(600, 80)
    save(tmp_path / "a.png", pixels)
    settings = {"model": repeater(2), "scale": 3.0, "tile": 64}
    job(tmp_path / "a.png", output=tmp_path / "whole.png", settings=settings)
    opened: list[Path] = []
    monkeypatch.setattr("upscaler.jobs.pictures._BY_ROWS", 100)
    monkeypatch.setattr(
        "upscaler.jobs.pictures.open_rows",
        lambda path, header: opened.append(path) or media_rows.open_rows(path, header),
    )
    job(tmp_path / "a.png", output=tmp_path / "rows.png", settings=settings)
    assert opened == [tmp_path / "a.png"]
    assert (tmp_path / "rows.png").read_bytes() == (tmp_path / "whole.png").read_bytes()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path, job: Job) -> None:
    for suffix in (".png", ".jpg", ".tif", ".webp"):
        save(tmp_path / f"a{suffix}", noise(50, 50))
        for out in ("one", "two"):
            job(tmp_path / f"a{suffix}", output=tmp_path / out)
        assert (tmp_path / f"one/a{suffix}").read_bytes() == (tmp_path / f"two/a{suffix}").read_bytes()


def test_the_report_says_what_became_of_each_input(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "in/a.png", noise(10, 20, 4))
    (tmp_path / "in/b.png").touch()
    report, _ = job(tmp_path / "in", output=tmp_path / "out", settings={"format": "jpg"})
    report.write(tmp_path / "report.json")
    data = json.loads((tmp_path / "report.json").read_text())
    done, failed = data["items"]
    assert done["state"] == "finished"
    assert (done["out_width"], done["out_height"]) == (20, 10)
    assert done["bytes"] == (tmp_path / "out/a.jpg").stat().st_size
    assert done["warnings"] == ["JPEG has no transparency: the picture is laid on white."]
    assert failed["state"] == "failed"
    assert failed["sentence"].endswith("b.png is empty; it was left out.")
    assert data["settings"]["format"] == "jpg"
    assert data["exit_code"] == 1


def test_small_pictures_of_all_forms_go_together(tmp_path: Path, job: Job) -> None:
    pictures = {
        f"{number}-{channels}{dtype}.png": noise(20, 30, channels, dtype, seed=number)
        for number, (channels, dtype) in enumerate(
            [(1, "uint8"), (3, "uint8"), (3, "uint8"), (4, "uint16"), (1, "uint8")]
        )
    }
    for name, pixels in pictures.items():
        if pixels.shape[2] == 4:
            pixels[:, :, 3] |= 1
        save(tmp_path / "in" / name, pixels)
    report, _ = job(tmp_path / "in", output=tmp_path / "out")
    assert report.exit_code == 0
    for name, pixels in pictures.items():
        assert np.array_equal(read_picture(tmp_path / "out" / name).pixels, pixels)


def test_one_picture_that_fails_among_those_that_go_together_fails_alone(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        save(
            tmp_path / f"in/{number}.png",
            noise(20, 20, seed=number) if number != 2 else np.full((20, 20, 3), 7, np.uint8),
        )
    from upscaler.engine.upscaler import Upscaler

    honest = Upscaler.upscale_rows

    def rows(self: Upscaler, source: Any) -> Any:
        if (source.read(0, 20) == 7).all():
            raise RuntimeError("injected")
        return honest(self, source)

    def many(self: Upscaler, pictures: Any) -> Any:
        raise RuntimeError("injected")

    monkeypatch.setattr(Upscaler, "upscale_rows", rows)
    monkeypatch.setattr(Upscaler, "upscale_many", many)
    report, _ = job(tmp_path / "in", output=tmp_path / "out")
    assert states(report) == ["finished", "finished", "failed", "finished"]
    assert report.items[2].sentence == f"{tmp_path}/in/2.png could not be enlarged (RuntimeError: injected)."


def test_the_report_says_what_ran_where(tmp_path: Path, job: Job) -> None:
    save(tmp_path / "a.png")
    report, _ = job(tmp_path / "a.png", output=tmp_path / "out", settings={"device": "cpu"})
    (engine,) = report.engines
    assert engine.startswith("repeat-x1 x1 on cpu in float32 by ")


def test_a_card_is_named_as_its_maker_does_and_not_by_number_alone(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "a.png")
    monkeypatch.setattr("upscaler.engine.devices.describe", lambda device: f"{device} (Maker's Card)")
    report, _ = job(tmp_path / "a.png", output=tmp_path / "out", settings={"device": "cpu"})
    assert report.engines[0].startswith("repeat-x1 x1 on cpu (Maker's Card) in float32 by ")


def test_tiles_are_compared_with_the_whole_when_asked(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    save(tmp_path / "a.png", noise(100, 120))
    plan = make_plan(
        Request(inputs=(tmp_path / "a.png",), output=tmp_path / "out"),
        Settings(model=repeater(2), scale=2.0, precision="fp32"),
    )
    (row,) = run(plan, verify_tiles=True).items
    assert row.tile_check is not None
    assert row.tile_check["largest"] < 1e-6
    assert row.warnings[0].startswith("The tiles ")


def test_a_picture_that_changed_after_the_plan_is_not_written_under_a_wrong_size(
    tmp_path: Path, repeater: Callable[[int], str]
) -> None:
    save(tmp_path / "a.png", noise(10, 10))
    plan = make_plan(
        Request(inputs=(tmp_path / "a.png",), output=tmp_path / "out"), Settings(model=repeater(1), scale=1.0)
    )
    save(tmp_path / "a.png", noise(11, 10))
    report = run(plan)
    assert "has changed since the job was planned" in report.items[0].sentence


def test_a_folder_that_vanishes_during_the_work_is_made_again(tmp_path: Path, repeater: Callable[[int], str]) -> None:
    for number in range(3):
        save(tmp_path / f"in/{number}.png")
    plan = make_plan(
        Request(inputs=(tmp_path / "in",), output=tmp_path / "out"), Settings(model=repeater(1), scale=1.0)
    )
    (tmp_path / "out").mkdir()
    shutil.rmtree(tmp_path / "out")
    assert run(plan).exit_code == 0

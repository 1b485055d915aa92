"""``upscale`` with films, as a user sees it."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.commands.conftest import Command
from tests.films import CLIPS, all_frames, make_film, planes
from tests.shared import needs_shared
from upscaler.commands.upscale import parse_time
from upscaler.errors import UsageError


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mkv"
    make_film(path, [planes(i, "yuv420p", (32, 48)) for i in range(12)], codec="libx264", rate=Fraction(25), sound=True)
    return path


def test_a_film_is_enlarged_by_one_command(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    said = upscale(film, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out.mkv", "-d", "cpu")
    assert said.exit_code == 0, said.err
    after, frames = all_frames(tmp_path / "out.mkv")
    assert (after.width, after.height, len(frames)) == (96, 64, 12)
    assert [stream.kind for stream in after.streams] == ["film", "audio"]


def test_the_plan_shows_encoder_container_size_and_notes(
    tmp_path: Path, upscale: Command, repeat_x2: str, film: Path
) -> None:
    said = upscale(film, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out.mp4", "--dry-run")
    assert said.exit_code == 0
    assert "96x64 (repeat x2; x264 crf 14 (yuv420p) in MP4, about 0.0 MB)" in said.out
    assert "Note: film.mkv does not tell its colour matrix" in said.out
    assert not (tmp_path / "out.mp4").exists()


def test_film_options_reach_the_film(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    options = ["--codec", "ffv1", "--start", "0.08", "--duration", "0:00.2", "--no-audio", "--pix-fmt", "yuv444p"]
    said = upscale(film, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out.mkv", *options)
    assert said.exit_code == 0, said.err
    after, frames = all_frames(tmp_path / "out.mkv")
    assert (after.codec, after.format, len(frames), len(after.streams)) == ("ffv1", "yuv444p", 5, 1)


def test_a_preset_remembers_film_options(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    assert upscale("--save-preset", "archive", "-m", repeat_x2, "-s", 2, "--codec", "ffv1").exit_code == 0
    said = upscale(film, "--preset", "archive", "--duration", 0.1, "-o", tmp_path / "out.mkv")
    assert said.exit_code == 0, said.err
    after, frames = all_frames(tmp_path / "out.mkv")
    assert (after.codec, len(frames)) == ("ffv1", 3)


def test_a_preview_writes_two_pictures(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    said = upscale(film, "-s", 2, "-m", repeat_x2, "--preview", "0.2")
    assert said.exit_code == 0, said.err
    assert sorted(path.name for path in (tmp_path / "upscaled").iterdir()) == ["film.png", "film_before.png"]


def test_frames_go_out_and_come_in(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    pattern = tmp_path / "frames" / "%06d.png"
    assert upscale(film, "-s", 2, "-m", repeat_x2, "-o", pattern).exit_code == 0
    assert len(list(pattern.parent.glob("*.png"))) == 12
    said = upscale(pattern, "-s", 2, "-m", repeat_x2, "-o", tmp_path / "again.mkv")
    assert said.exit_code == 0, said.err
    assert all_frames(tmp_path / "again.mkv")[0].width == 192


def test_an_unknown_encoder_is_answered_with_those_there_are(upscale: Command, repeat_x2: str, film: Path) -> None:
    said = upscale(film, "-s", 2, "-m", repeat_x2, "--codec", "h266")
    assert said.exit_code == 2
    assert said.errors == [
        "upscale: There is no film encoder 'h266'; known: x264, x265, svt-av1, vp9, prores, ffv1, h264-nvenc, "
        "hevc-nvenc, av1-nvenc."
    ]


@needs_shared
def test_a_film_without_header_fails_alone(tmp_path: Path, upscale: Command, repeat_x2: str, film: Path) -> None:
    said = upscale(film, CLIPS / "no_header.mp4", "-s", 2, "-m", repeat_x2, "-o", tmp_path / "out")
    assert said.exit_code == 1
    assert "no_header.mp4 cannot be opened as a film: its header is missing or damaged" in said.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["film.mkv"]


def test_a_film_cannot_go_to_the_standard_output(upscale: Command, repeat_x2: str, film: Path) -> None:
    said = upscale(film, "-s", 2, "-m", repeat_x2, "-o", "-")
    assert said.exit_code == 2
    assert said.errors == ["upscale: film.mkv is a film, which cannot go to the standard output; name a file with -o."]


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("1:30", 90), ("0:01:30.5", 90.5), ("0.25", 0.25)])
def test_times_may_be_given_as_on_a_clock(text: str, seconds: float) -> None:
    assert parse_time(text, "--start") == seconds


@pytest.mark.parametrize("text", ["", "soon", "-3", "1:2:3:4"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--start takes seconds or a time such as 1:30"):
        parse_time(text, "--start")

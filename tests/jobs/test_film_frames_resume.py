"""Frames as pictures, animated pictures and parts of films: killed at any moment, they are gone on with."""

import random
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tests.films import all_frames, digest, make_film, payloads, planes
from tests.jobs.film_worker import finish, start_job
from upscaler.jobs import FilmSettings, Request, Settings
from upscaler.media.films.journal import folder_of

FRAMES = 60
NAMES = [*(f"{number:06d}.png" for number in range(1, FRAMES + 1)), "frames.json"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "in.mkv"
    ticks = [17 + 40 * number + 20 * (number % 3) for number in range(FRAMES)]
    shown = [planes(number // 2, "yuv420p", (60, 80)) for number in range(FRAMES)]  # every other frame stands still
    make_film(path, shown, ticks=ticks, sound=True)
    return path


@pytest.fixture(scope="module")
def settings(repeater):
    return Settings(scale=2, model=repeater(2), device="cpu")


@pytest.fixture
def job(source, settings, tmp_path):
    """Frames into a folder of their own."""
    return Request(inputs=(source,), output=tmp_path / "frames" / "%06d.png"), settings


def contents(folder: Path) -> dict[str, bytes]:
    """All files, those of hidden folders too, and the folders themselves."""
    return {
        path.relative_to(folder).as_posix(): b"" if path.is_dir() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
    }


def lines(output: Path) -> int:
    """How many frames or pieces stand in the journal; -1: there is none."""
    journal = folder_of(output) / "journal.jsonl"
    return len(journal.read_text().splitlines()) - 1 if journal.exists() else -1


def kill_at(count: int, delay: float, request: Request, settings: Settings) -> bool:
    """Kills a run ``delay`` seconds after ``count`` lines stand in the journal; False: it was done before that."""
    run = start_job(request, settings)
    while lines(request.output) < count and run.is_alive():
        time.sleep(0.001)
    time.sleep(delay)
    run.kill()
    run.join()
    return run.exitcode == -signal.SIGKILL


def uninterrupted(request: Request, settings: Settings, folder: Path) -> Path:
    output = folder / "whole" / request.output.name
    assert finish(start_job(replace(request, output=output), settings)) == 0
    return output


def killed_at_random(job, tmp_path, times, seed):
    request, settings = job
    whole = contents(uninterrupted(request, settings, tmp_path).parent)
    assert list(whole) == NAMES
    moments = random.Random(seed)
    kills = films = 0
    while kills < times:
        films += 1
        output = tmp_path / f"{films}" / "%06d.png"
        one = replace(request, output=output)
        while kills < times:
            have = lines(output)
            if not kill_at(moments.randint(have, FRAMES), moments.uniform(0, 0.02), one, settings):
                break
            kills += 1
            if (output.parent / "frames.json").exists():  # killed after all was done, but for the journal's removal
                break
            assert lines(output) >= have, "whole frames stay"
            assert all(whole[path.name] == path.read_bytes() for path in output.parent.glob("0*.png"))
            if moments.random() < 0.3:
                break
        assert finish(start_job(one, settings)) == 0
        assert contents(output.parent) == whole


def test_killed_frames_are_gone_on_with_to_the_same_files(job, tmp_path):
    killed_at_random(job, tmp_path, times=2, seed=1)


@pytest.mark.slow
def test_twenty_kills_at_random_moments(job, tmp_path):
    killed_at_random(job, tmp_path, times=20, seed=2)


def test_only_what_is_missing_is_made(job):
    request, settings = job
    assert kill_at(20, 0, request, settings)
    first = request.output.with_name("000003.png")
    made = first.stat().st_mtime_ns
    assert finish(start_job(request, settings)) == 0
    assert first.stat().st_mtime_ns == made


def test_a_frame_that_is_gone_is_made_again_with_all_that_follow(job, tmp_path):
    request, settings = job
    whole = contents(uninterrupted(request, settings, tmp_path).parent)
    assert kill_at(20, 0, request, settings)
    request.output.with_name("000007.png").unlink()
    assert finish(start_job(request, settings)) == 0
    assert contents(request.output.parent) == whole


@pytest.mark.parametrize("name", ["000002.png", "000055.png"])
def test_frames_of_somebody_else_are_left_alone_and_it_is_said(job, tmp_path, name):
    request, settings = job
    assert kill_at(20, 0, request, settings)
    (request.output.parent / name).write_bytes(b"somebody's")
    before = contents(request.output.parent)
    assert finish(start_job(request, settings, tmp_path / "said")) == 1
    assert "%06d.png exists and is not ours" in (tmp_path / "said").read_text()
    assert contents(request.output.parent) == before


def test_frames_begun_with_other_settings_are_replaced_and_it_is_said(job, tmp_path):
    request, settings = job
    assert kill_at(20, 0, request, settings)
    other = replace(settings, film=FilmSettings(duration=0.5))
    assert finish(start_job(request, other, tmp_path / "said")) == 0
    assert "was begun from another source or with other settings; it starts anew." in (tmp_path / "said").read_text()
    whole = uninterrupted(request, other, tmp_path)
    assert contents(request.output.parent) == contents(whole.parent)


@pytest.mark.parametrize("name", ["%06d.png", "out.mkv"])
def test_it_is_said_when_something_else_computes_the_rest(job, tmp_path, name):
    request, settings = job
    request = replace(request, output=request.output.with_name(name))
    assert kill_at(2, 0, request, settings)
    journal = folder_of(request.output) / "journal.jsonl"
    text = journal.read_text()
    assert ' on cpu"' in text
    journal.write_text(text.replace(' on cpu"', ' on cuda:0"'))
    assert finish(start_job(request, settings, tmp_path / "said")) == 0
    said = (tmp_path / "said").read_text()
    assert f"{name} was begun by " in said
    assert " on cuda:0 and goes on by " in said


def test_frames_that_are_done_are_not_made_again(job, tmp_path):
    request, settings = job
    assert finish(start_job(request, settings)) == 0
    before = contents(request.output.parent)
    assert finish(start_job(request, settings, tmp_path / "said")) == 0
    assert "is there already, made from this input with these settings" in (tmp_path / "said").read_text()
    request.output.with_name("000007.png").unlink()
    assert finish(start_job(request, settings)) == 1, "it is not all there"
    assert finish(start_job(replace(request, exists="overwrite"), settings)) == 0
    assert contents(request.output.parent) == before


@pytest.mark.parametrize("name", ["%06d.png", "out.mkv"])
def test_what_a_run_left_that_was_killed_at_its_last_step_goes(job, name):
    request, settings = job
    request = replace(request, output=request.output.with_name(name))
    assert finish(start_job(request, settings)) == 0
    before = contents(request.output.parent)
    folder_of(request.output).mkdir()
    request.output.with_name(f".{name}.lock").touch()
    request.output.with_name(".other.mkv.lock").touch()
    assert finish(start_job(request, settings)) == 0, "it is there already"
    assert contents(request.output.parent) == {".other.mkv.lock": b""} | before


def test_frames_of_a_longer_film_do_not_stay_when_it_is_replaced(job, tmp_path):
    request, settings = job
    assert finish(start_job(request, settings)) == 0
    shorter = replace(settings, film=FilmSettings(duration=0.5))
    assert finish(start_job(replace(request, exists="overwrite"), shorter)) == 0
    assert contents(request.output.parent) == contents(uninterrupted(request, shorter, tmp_path).parent)


def test_renamed_frames_do_not_replace_those_that_are_there(job):
    request, settings = job
    request.output.parent.mkdir()
    somebodys = request.output.with_name("000001.png")
    somebodys.write_bytes(b"somebody's")
    short = replace(settings, film=FilmSettings(duration=0.1))
    assert finish(start_job(replace(request, exists="rename"), short)) == 0
    assert somebodys.read_bytes() == b"somebody's"
    assert request.output.with_name("000001_2.png").exists()


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp"])
def test_a_killed_animation_is_gone_on_with_to_the_same_file(source, settings, tmp_path, suffix):
    moving = tmp_path / "in.gif"
    frames = [Image.fromarray(planes(number, "gray", (120, 160))[0]) for number in range(FRAMES)]
    frames[0].save(moving, save_all=True, append_images=frames[1:], duration=40, loop=3)
    request = Request(inputs=(moving,), output=tmp_path / "out" / f"out{suffix}")
    whole = uninterrupted(request, settings, tmp_path)
    assert kill_at(1, 0, request, settings)
    assert not request.output.exists()
    assert kill_at(2, 0, request, settings)
    assert finish(start_job(request, settings)) == 0
    assert contents(request.output.parent) == contents(whole.parent)


def test_a_killed_part_of_a_film_is_gone_on_with(source, settings, tmp_path):
    part = replace(settings, film=FilmSettings(start=0.5, duration=1.6))
    request = Request(inputs=(source,), output=tmp_path / "out" / "out.mkv")
    whole = uninterrupted(request, part, tmp_path)
    assert kill_at(1, 0, request, part)
    assert finish(start_job(request, part)) == 0
    (_, expected), (_, found) = all_frames(whole), all_frames(request.output)
    assert [frame.ticks for frame in found] == [frame.ticks for frame in expected]
    assert len(found) == 39
    assert digest(found) == digest(expected)
    assert payloads(request.output) == payloads(whole)
    assert [path.name for path in request.output.parent.iterdir()] == ["out.mkv"]


def test_another_part_starts_anew_and_it_is_said(source, settings, tmp_path):
    request = Request(inputs=(source,), output=tmp_path / "out" / "out.mkv")
    assert kill_at(1, 0, request, replace(settings, film=FilmSettings(start=0.5)))
    other = replace(settings, film=FilmSettings(start=0.6))
    assert finish(start_job(request, other, tmp_path / "said")) == 0
    assert "it starts anew" in (tmp_path / "said").read_text()
    whole = uninterrupted(request, other, tmp_path)
    assert payloads(request.output) == payloads(whole)


def test_a_film_that_replaces_another_is_gone_on_with(source, settings, tmp_path):
    request = Request(inputs=(source,), output=tmp_path / "out" / "out.mkv", exists="overwrite")
    assert finish(start_job(request, replace(settings, film=FilmSettings(duration=0.5)))) == 0
    assert kill_at(1, 0, request, settings)
    first = folder_of(request.output) / "000000.mkv"
    made = first.stat().st_mtime_ns
    assert kill_at(2, 0, request, settings)
    assert first.stat().st_mtime_ns == made
    assert finish(start_job(request, settings)) == 0
    assert [path.name for path in request.output.parent.iterdir()] == ["out.mkv"]


def test_a_preview_leaves_the_unfinished_film_as_it_is(source, settings, tmp_path):
    request = Request(inputs=(source,), output=tmp_path / "out" / "out.mkv")
    assert kill_at(1, 0, request, settings)
    before = contents(folder_of(request.output))
    look = replace(request, output=tmp_path / "out" / "look.png")
    assert finish(start_job(look, replace(settings, film=FilmSettings(preview=1.0)))) == 0
    assert contents(folder_of(request.output)) == before
    assert finish(start_job(request, settings)) == 0
    assert sorted(path.name for path in request.output.parent.iterdir()) == ["look.png", "look_before.png", "out.mkv"]

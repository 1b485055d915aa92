"""Killed at any moment, a film is gone on with, and no one can tell."""

import json
import random
import signal
import time
from pathlib import Path

import pytest
from filelock import FileLock

from tests.films import all_frames, digest, enlarge, make_film, payloads, planes
from tests.jobs.film_worker import finish, start
from upscaler.media.films.journal import folder_of

FRAMES = 150


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("source") / "in.mkv"
    ticks = [17 + 40 * number + (number % 3) for number in range(FRAMES)]
    make_film(
        path,
        [planes(number, "yuv420p", (120, 160)) for number in range(FRAMES)],
        codec="libx264",
        options={"crf": "20", "preset": "veryfast"},
        ticks=ticks,
        sound=True,
    )
    return path


@pytest.fixture(scope="module")
def whole(source, tmp_path_factory):
    """What an uninterrupted run makes."""
    output = tmp_path_factory.mktemp("whole") / "out.mkv"
    assert finish(start(source, output)) == 0
    return output


def pieces(output: Path) -> int:
    journal = folder_of(output) / "journal.jsonl"
    return len(journal.read_text().splitlines()) - 1 if journal.exists() else -1


def kill_at(count: int, delay: float, source: Path, output: Path) -> bool:
    """Kills a run ``delay`` seconds after ``count`` pieces stand in the journal; False: it was done before that."""
    run = start(source, output)
    while pieces(output) < count and run.is_alive():
        time.sleep(0.001)
    time.sleep(delay)
    was_alive = run.is_alive()
    run.kill()
    run.join()
    return was_alive and run.exitcode == -signal.SIGKILL


def check(source, output, whole):
    assert finish(start(source, output)) == 0
    (_, expected), (_, found) = all_frames(whole), all_frames(output)
    assert [frame.ticks for frame in found] == [frame.ticks for frame in expected]
    assert digest(found) == digest(expected)
    assert payloads(output) == payloads(whole)
    assert [path.name for path in output.parent.iterdir()] == ["out.mkv"]


def killed_at_random(source, whole, tmp_path, times, seed):
    """Films are killed, some of them again and again, and finished; how many kills there were."""
    moments = random.Random(seed)
    kills = films = 0
    while kills < times:
        films += 1
        output = tmp_path / f"{films}" / "out.mkv"
        output.parent.mkdir()
        while kills < times:
            have = pieces(output)
            # From before the first piece to the joining at the end.
            if not kill_at(moments.randint(have, FRAMES // 24 + 1), moments.uniform(0, 0.1), source, output):
                break
            kills += 1
            if output.exists():  # killed after all was done, but for the removal of the pieces
                break
            assert pieces(output) >= have, "whole pieces stay"
            if moments.random() < 0.5:
                break
        check(source, output, whole)


def test_a_killed_film_is_gone_on_with_to_the_same_frames(source, whole, tmp_path):
    killed_at_random(source, whole, tmp_path, times=3, seed=1)


@pytest.mark.slow
def test_twenty_kills_at_random_moments(source, whole, tmp_path):
    killed_at_random(source, whole, tmp_path, times=20, seed=2)


def begun(source, tmp_path) -> Path:
    """A film of which some pieces are done."""
    output = tmp_path / "out" / "out.mkv"
    output.parent.mkdir()
    assert kill_at(3, 0, source, output)
    return output


def test_a_piece_that_is_not_whole_is_made_again(source, whole, tmp_path):
    output = begun(source, tmp_path)
    piece = folder_of(output) / "000001.mkv"
    piece.write_bytes(piece.read_bytes()[:-100])
    check(source, output, whole)


def test_a_journal_that_ends_in_the_middle_of_a_line_counts_up_to_there(source, whole, tmp_path):
    output = begun(source, tmp_path)
    journal = folder_of(output) / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    check(source, output, whole)


def test_a_journal_that_is_no_journal_is_as_none(source, whole, tmp_path):
    output = begun(source, tmp_path)
    (folder_of(output) / "journal.jsonl").write_bytes(b"\x00\xff nonsense\n")
    check(source, output, whole)


def test_another_source_of_that_name_starts_anew_and_it_is_said(source, whole, tmp_path):
    output = begun(source, tmp_path)
    other, said = tmp_path / "other.mkv", tmp_path / "said"
    other.write_bytes(source.read_bytes())  # the same content, but written at another time
    assert finish(start(other, output, said)) == 0
    assert "out.mkv was begun from another source or with other settings; it starts anew." in said.read_text()
    assert digest(all_frames(output)[1]) == digest(all_frames(whole)[1])
    assert [path.name for path in output.parent.iterdir()] == ["out.mkv"]


def test_two_runs_of_one_film_do_not_disturb_each_other(source, whole, tmp_path):
    output, said = tmp_path / "out.mkv", tmp_path / "said"
    with FileLock(folder_of(output).with_suffix(".lock")):
        assert finish(start(source, output, said)) == 1
    assert "Another run is making" in said.read_text()
    assert finish(start(source, output)) == 0
    assert digest(all_frames(output)[1]) == digest(all_frames(whole)[1])


def test_the_journal_holds_each_frames_own_time(source, tmp_path):
    output = begun(source, tmp_path)
    lines = (folder_of(output) / "journal.jsonl").read_text().splitlines()
    ticks = [tick for line in lines[1:] for tick in json.loads(line)["ticks"]]
    assert ticks == [17 + 40 * number + (number % 3) for number in range(len(ticks))]


def test_a_full_disk_ends_the_film_and_the_pieces_stay(source, tmp_path, monkeypatch):
    from upscaler.media.files import DiskFull
    from upscaler.media.films.segments import PieceWriter

    monkeypatch.setattr("upscaler.jobs.film_plan._PIECE_FRAMES", (24, 24))
    finish = PieceWriter.finish

    def full(self, **counts):
        if self._number == 2:
            raise DiskFull("No room.")
        finish(self, **counts)

    monkeypatch.setattr(PieceWriter, "finish", full)
    output = tmp_path / "out.mkv"
    report = enlarge(source, output)
    assert report.exit_code == 4
    assert "No room on the disk" in report.items[0].sentence
    assert pieces(output) == 2
    monkeypatch.setattr(PieceWriter, "finish", finish)
    assert enlarge(source, output).exit_code == 0
    assert len(all_frames(output)[1]) == FRAMES

"""Whose numbered frames are: the journal knows."""

from pathlib import Path

from upscaler.media.films.made_frames import MadeFrames, are_all_there, in_the_way


def begun(folder: Path, count: int, made_by: str = "a") -> Path:
    """A run that made so many frames and was killed."""
    pattern = folder / "%03d.png"
    made = MadeFrames(pattern)
    assert not made.open(made_by, lambda: {"0": 192}, 1)
    for number in range(1, count + 1):
        part = folder / "part"
        part.write_bytes(f"frame {number}".encode())
        made.add(part, ticks=40 * number, duration=40, damaged=False, reused=0, computed=1)
        part.replace(folder / f"{number:03d}.png")
    return pattern


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.png"))


def test_what_is_there_is_found_again_with_its_times_and_choices(tmp_path):
    pattern = begun(tmp_path, 10)
    made = MadeFrames(pattern)
    assert not made.open("a", lambda: {"0": 1}, 1)
    assert [frame.ticks for frame in made.frames] == [40 * number for number in range(1, 11)]
    assert made.choices == {"0": 192}


def test_where_frames_are_made_in_groups_whole_ones_are_kept(tmp_path):
    made = MadeFrames(begun(tmp_path, 10))
    made.open("a", dict, 4)
    assert len(made.frames) == 8
    assert len(names(tmp_path)) == 8


def test_frames_of_other_settings_go_and_those_of_others_stay(tmp_path):
    pattern = begun(tmp_path, 3)
    (tmp_path / "002.png").write_bytes(b"changed by another program")
    (tmp_path / "009.png").write_bytes(b"somebody's")
    assert in_the_way(pattern)
    made = MadeFrames(pattern)
    assert made.open("b", dict, 1)
    assert made.frames == []
    assert names(tmp_path) == ["002.png", "009.png"]


def test_a_frame_whose_time_changed_is_known_by_its_content(tmp_path):
    pattern = begun(tmp_path, 3)
    for path in tmp_path.glob("*.png"):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert not in_the_way(pattern)
    (tmp_path / "002.png").write_bytes(b"Frame 2")  # as long as it was
    assert in_the_way(pattern)


def test_a_frame_that_was_noted_and_never_got_its_name_is_made_again(tmp_path):
    pattern = begun(tmp_path, 3)
    (tmp_path / "003.png").unlink()
    assert not in_the_way(pattern)
    made = MadeFrames(pattern)
    made.open("a", dict, 1)
    assert len(made.frames) == 2


def test_a_damaged_journal_proves_nothing(tmp_path):
    pattern = begun(tmp_path, 3)
    (MadeFrames(pattern).folder / "journal.jsonl").write_bytes(b"\0\xff nonsense")
    assert in_the_way(pattern)


def test_a_list_of_times_speaks_for_exactly_its_frames(tmp_path):
    pattern = begun(tmp_path, 3)
    assert not are_all_there(pattern)
    (tmp_path / "frames.json").write_text('{"numerator": 1, "denominator": 25, "ticks": [0, 1, 2]}')
    assert are_all_there(pattern)
    (tmp_path / "002.png").unlink()
    assert not are_all_there(pattern)
    (tmp_path / "frames.json").write_text("nonsense")
    assert not are_all_there(pattern)

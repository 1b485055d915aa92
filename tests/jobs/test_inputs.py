"""Which files are meant."""

import os
import sys
from pathlib import Path

import pytest

from upscaler.errors import UsageError
from upscaler.jobs.inputs import Selection, find_inputs

NOTHING: frozenset[Path] = frozenset()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.png", "a.png", "sub/c.jpg", "sub/deep/d.png", "Thumbs.db", ".DS_Store", "._a.png", ".git/x.png",
                 "desktop.ini"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(*named: Path, selection: Selection | None = None, leave_out: frozenset[Path] = NOTHING) -> list[str]:
    return [entry.path.name for entry in find_inputs(named, selection or Selection(), leave_out)]


def test_a_folder_means_its_files_in_order_and_those_below(tree: Path) -> None:
    assert found(tree) == ["a.png", "b.png", "c.jpg", "d.png"]


def test_the_tree_is_known(tree: Path) -> None:
    below = {e.path.name: e.below for e in find_inputs([tree], Selection(), NOTHING)}
    assert below == {"a.png": Path(), "b.png": Path(), "c.jpg": Path("sub"), "d.png": Path("sub/deep")}


def test_files_of_systems_are_no_pictures(tree: Path) -> None:
    assert not {"Thumbs.db", ".DS_Store", "._a.png", "x.png", "desktop.ini"} & set(found(tree))


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(recursive=False), ["a.png", "b.png"]),
        (Selection(include=("*.JPG",)), ["c.jpg"]),
        (Selection(exclude=("sub/*",)), ["a.png", "b.png"]),
        (Selection(include=("*.png",), exclude=("a.*",)), ["b.png", "d.png"]),
    ],
    ids=str,
)
def test_folders_are_searched_as_asked(tree: Path, selection: Selection, names: list[str]) -> None:
    assert found(tree, selection=selection) == names


def test_a_file_named_twice_is_one_input(tree: Path) -> None:
    assert found(tree / "a.png", tree, tree / "sub" / ".." / "a.png").count("a.png") == 1


def test_a_pattern_is_one_where_no_such_file_exists(tree: Path) -> None:
    assert found(tree / "*.png") == ["a.png", "b.png"]
    (tree / "[ab].png").touch()
    assert found(tree / "[ab].png") == ["[ab].png"]


ODD = ["a b.png", "#1.png", "100%.png", "it's.png", "[x].png", "-n.png", "?.png", "*.png", "\u732b\U0001f431.png",
       "e\u0301.png", "\u05e9\u05dc.png", "a" * 251 + ".png", "x\ny.png"]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="other systems forbid some of these names")
def test_odd_names_are_taken_literally(tmp_path: Path) -> None:
    for name in ODD:
        (tmp_path / name).touch()
    for name in ODD:
        assert found(tmp_path / name) == [name]
    assert sorted(found(tmp_path)) == sorted(ODD)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    (tmp_path / name).touch()
    assert found(tmp_path) == [name]


def test_the_output_folder_is_not_searched(tree: Path) -> None:
    assert found(tree, leave_out=frozenset({tree / "sub"})) == ["a.png", "b.png"]


def test_what_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file or folder .*nothing"):
        found(tmp_path / "nothing")
    with pytest.raises(UsageError, match="Nothing matches the pattern"):
        found(tmp_path / "*.png")
    with pytest.raises(UsageError, match="There is no file in the folder"):
        found(tmp_path)


def test_twenty_thousand_names_are_listed_quickly(tmp_path: Path) -> None:
    for number in range(20_000):
        (tmp_path / f"{number:05}.png").touch()
    assert len(found(tmp_path)) == 20_000

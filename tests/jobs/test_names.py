"""What outputs are called."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upscaler.errors import UsageError
from upscaler.jobs.names import SAME_FOLDER, NameFacts, TakenNames, fitted, output_name

FACTS = NameFacts(stem="photo", parent="holiday", number=3, scale=4, model="span")


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{stem}", "photo.png"),
        ("{stem}_x{scale}", "photo_x4.png"),
        ("{parent}-{n}_{model}", "holiday-3_span.png"),
        ("a b.c", "a b.c.png"),
    ],
)
def test_a_template_gives_the_name(template: str, name: str) -> None:
    assert output_name(template, FACTS, ".png") == name


def test_our_own_ending_is_replaced_and_not_stacked() -> None:
    again = NameFacts(stem="photo_x4", parent="", number=1, scale=2.5, model="m")
    assert output_name(SAME_FOLDER, again, ".png") == "photo_x2.5.png"


@pytest.mark.parametrize("template", ["", "{stem}/x", ".{stem}", "..", "a\\b", "{stem", "{size}", " "])
def test_a_template_that_makes_no_visible_file_is_refused(template: str) -> None:
    if template == "{stem":  # an open brace is just a letter
        assert output_name(template, FACTS, ".png") == "{stem.png"
        return
    with pytest.raises(UsageError, match="The name template"):
        output_name(template, FACTS, ".png")


@given(st.text(st.characters(exclude_characters="/\\\0", exclude_categories=("Cs",)), min_size=1, max_size=300))
def test_every_name_fits_a_file_system(stem: str) -> None:
    name = fitted(stem, ".jpeg")
    assert len(os.fsencode(name)) <= 255
    assert name.endswith(".jpeg")
    assert name == fitted(stem, ".jpeg")


def test_long_names_that_differ_at_their_end_stay_different() -> None:
    assert fitted("a" * 300 + "1", ".png") != fitted("a" * 300 + "2", ".png")


def nobody(path: Path) -> bool:
    return False


def test_twins_get_the_same_different_names_each_time() -> None:
    for _ in range(2):
        taken = TakenNames()
        given_out = [taken.free(Path("out/a.png"), suffix, nobody).name for suffix in (".jpg", ".png", ".jpg", ".webp")]
        assert given_out == ["a.png", "a_2.png", "a_jpg.png", "a_webp.png"]


@pytest.mark.parametrize(("one", "other"), [("A.png", "a.png"), ("e\u0301.png", "\u00e9.png")])
def test_names_that_some_systems_take_for_one_are_told_apart(one: str, other: str) -> None:
    taken = TakenNames()
    assert taken.free(Path(one), ".png", nobody) == Path(one)
    assert taken.free(Path(other), ".png", nobody).stem.endswith("_2")

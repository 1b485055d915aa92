"""Settings under a name."""

import pytest

from upscaler.errors import UsageError
from upscaler.folders import config_folder
from upscaler.jobs.presets import load_preset, preset_names, save_preset_as, settings_from
from upscaler.jobs.settings import Settings


def test_what_was_saved_is_loaded() -> None:
    options = {"scale": 2.5, "format": "webp", "lossless": True, "fit": (100, 50)}
    save_preset_as("My photos", options)
    assert preset_names() == ["My photos"]
    assert settings_from(load_preset("My photos")) == Settings(scale=2.5, format="webp", lossless=True, fit=(100, 50))


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 100])
def test_a_preset_s_name_is_only_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a preset"):
        save_preset_as(name, {})


def test_a_preset_that_makes_no_sense_is_not_saved() -> None:
    with pytest.raises(UsageError):
        save_preset_as("bad", {"scale": 0.0})
    assert preset_names() == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scale = ", "cannot be read"),
        ("colour = 1", "There is no setting 'colour'"),
        ("scale = 'four'", "A setting makes no sense: Expected `float`, got `str` - at `scale`"),
    ],
)
def test_a_damaged_preset_is_told(text: str, sentence: str) -> None:
    place = config_folder() / "presets" / "mine.toml"
    place.parent.mkdir(parents=True)
    place.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        settings_from(load_preset("mine"))


def test_a_preset_that_is_not_there_is_told_with_those_that_are() -> None:
    save_preset_as("films", {})
    with pytest.raises(UsageError, match="There is no preset 'film'; there are: films"):
        load_preset("film")

"""What a job will do, settled before it begins."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pictures import noise, save
from upscaler.errors import ModelError, UsageError
from upscaler.jobs import Plan, Request, Settings, make_plan
from upscaler.jobs.pictures import PictureWork

Repeater = Callable[[int], str]


@pytest.fixture
def plan(repeater: Repeater) -> Callable[..., Plan]:
    """A plan for these inputs with a x2 network; keywords are the request's, ``settings`` those of the settings."""

    def make(*inputs: Path, settings: dict[str, Any] | None = None, **request: Any) -> Plan:
        chosen = {"model": repeater(2), "scale": 2.0} | (settings or {})
        return make_plan(Request(inputs=inputs, **request), Settings(**chosen))

    return make


def outputs(made: Plan) -> list[str]:
    return [item.target for item in made.items]


def test_a_tree_is_kept_below_the_output(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "in/a.png")
    save(tmp_path / "in/sub/deep/b.jpg")
    made = plan(tmp_path / "in", output=tmp_path / "out")
    assert outputs(made) == [str(tmp_path / "out/a.png"), str(tmp_path / "out/sub/deep/b.jpg")]


def test_without_an_output_a_folder_beside_the_inputs_is_taken(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "in/sub/a.png")
    assert outputs(plan(tmp_path / "in")) == [str(tmp_path / "in/upscaled/sub/a.png")]
    assert outputs(plan(tmp_path / "in/sub/a.png")) == [str(tmp_path / "in/sub/upscaled/a.png")]


def test_results_of_the_last_run_are_no_inputs_of_the_next(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "in/a.png")
    save(tmp_path / "in/upscaled/a.png")
    save(tmp_path / "in/out/a.png")
    made = plan(tmp_path / "in", output=tmp_path / "in/out", exists="overwrite")
    assert outputs(made) == [str(tmp_path / "in/out/a.png"), str(tmp_path / "in/out/upscaled/a.png")]
    assert [item.name for item in plan(tmp_path / "in", exists="overwrite").items] == [
        str(tmp_path / "in/a.png"),
        str(tmp_path / "in/out/a.png"),
    ]


def test_in_the_same_folder_the_scale_is_part_of_the_name(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "a.png")
    assert outputs(plan(tmp_path / "a.png", output=tmp_path)) == [str(tmp_path / "a_x2.png")]


def test_twins_get_two_names_and_no_doubled_ending(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "in/a.jpg")
    save(tmp_path / "in/a.png")
    made = plan(tmp_path / "in", output=tmp_path / "out", settings={"format": "webp"})
    assert outputs(made) == [str(tmp_path / "out/a.webp"), str(tmp_path / "out/a_png.webp")]
    assert outputs(made) == outputs(plan(tmp_path / "in", output=tmp_path / "out", settings={"format": "webp"}))


def test_the_format_is_that_of_the_output_s_name(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "a.png")
    (item,) = plan(tmp_path / "a.png", output=tmp_path / "b.JPEG").items
    assert item.output == tmp_path / "b.JPEG"
    assert isinstance(item.work, PictureWork)
    assert item.work.form.format.name == "jpg"


def test_an_output_that_is_an_input_is_refused(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "a.png")
    save(tmp_path / "b.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    for output in ("a.png", "./a.png", "link.png"):
        with pytest.raises(UsageError, match="one of the inputs, which are never overwritten"):
            plan(tmp_path / "a.png", output=tmp_path / output, exists="overwrite")
    with pytest.raises(UsageError, match="never overwritten"):
        plan(tmp_path / "a.png", tmp_path / "b.png", output=tmp_path, name="b", exists="overwrite")


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"output": Path("many.png")}, "names one file, and there are 2 inputs"),
        ({"output": Path("-")}, "Only one picture can go to the standard output"),
        ({"output": Path("one.heic")}, r"\.heic files cannot be written here"),
        ({"exists": "maybe"}, "--exists is skip, overwrite, rename or error"),
        ({"name": "{size}"}, "The name template"),
    ],
    ids=str,
)
def test_commands_that_make_no_sense_are_refused(
    tmp_path: Path, plan: Callable[..., Plan], request_: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        plan(save(tmp_path / "a.png"), save(tmp_path / "b.png"), **request_)


def test_an_output_below_a_file_is_refused(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file, so nothing can be written below it"):
        plan(tmp_path / "a.png", output=tmp_path / "file" / "out")


def test_other_files_of_a_folder_are_left_out_and_counted(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("words")
    made = plan(tmp_path)
    assert len(made.items) == 1
    assert made.warnings == ("1 file that is no picture or film: left out (notes.txt).",)


def test_a_folder_without_pictures_is_refused(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    (tmp_path / "notes.txt").write_text("words")
    with pytest.raises(UsageError, match=r"There is no picture or film in .* \(1 other files were seen\)"):
        plan(tmp_path)


def test_a_file_that_was_named_is_never_left_out_in_silence(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    (tmp_path / "notes.txt").write_text("words")
    (item,) = plan(tmp_path / "notes.txt").items
    assert item.problem is not None
    assert "notes.txt is not a picture" in item.problem


@pytest.mark.parametrize(
    ("target", "size", "limit"), [("webp", (2, 9000), "16383"), ("jpg", (40000, 1), "65500")], ids=str
)
def test_limits_of_formats_are_found_before_work_begins(
    tmp_path: Path, plan: Callable[..., Plan], target: str, size: tuple[int, int], limit: str
) -> None:
    save(tmp_path / "a.png", np.zeros((*size, 3), np.uint8))
    (item,) = plan(tmp_path / "a.png", output=tmp_path / "out", settings={"format": target}).items
    assert item.problem is not None
    assert f"holds at most {limit} pixels a side" in item.problem


@pytest.mark.parametrize(
    ("pixels", "target", "sentence"),
    [
        (noise(4, 4, 4), "jpg", "JPEG has no transparency: the picture is laid on white."),
        (noise(4, 4, 3, "uint16"), "webp", "WebP is written with 8 bit here: the source's 16 bit are reduced."),
    ],
    ids=["alpha", "depth"],
)
def test_what_a_format_cannot_hold_is_said_before_work_begins(
    tmp_path: Path, plan: Callable[..., Plan], pixels: Any, target: str, sentence: str
) -> None:
    (item,) = plan(save(tmp_path / "a.png", pixels), settings={"format": target}).items
    assert item.work is not None
    assert item.work.warnings == (sentence,)


def test_a_name_and_a_format_that_contradict_one_another_are_refused(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    with pytest.raises(UsageError, match=r"b\.png and -f jpg contradict one another"):
        plan(save(tmp_path / "a.png"), output=tmp_path / "b.png", settings={"format": "jpg"})


def test_a_lossless_jpeg_is_refused(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    with pytest.raises(UsageError, match="JPEG cannot be written without loss"):
        plan(save(tmp_path / "a.png"), settings={"format": "jpg", "lossless": True})


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [({"format": "xyz"}, "There is no output format 'xyz'"), ({"background": "blurple"}, "There is no colour")],
    ids=str,
)
def test_unknown_words_are_refused(
    tmp_path: Path, plan: Callable[..., Plan], settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        plan(save(tmp_path / "a.png"), settings=settings)


def test_an_unknown_model_is_refused_with_the_closest_names(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    with pytest.raises(ModelError, match="There is no model 'spam'; did you mean span"):
        plan(save(tmp_path / "a.png"), settings={"model": "spam"})


def test_a_scale_that_the_model_lacks_is_explained(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    made = plan(save(tmp_path / "a.png"), settings={"model": "span", "scale": 3.0})
    assert made.notes[0] == "span has x4 only; x3 is made by running x4 and reducing."
    made = plan(save(tmp_path / "a.png"), settings={"scale": 5.0})
    (item,) = made.items
    assert item.work is not None
    assert [step.scale for step in item.work.recipe.steps] == [2, 2, 2]
    assert (item.work.out_width, item.work.out_height) == (60, 45)


@pytest.mark.parametrize(
    ("size", "cost"),
    [
        ({"scale": 2.0}, "For x2 x4 is computed, 4 times the pixels that are kept; "
                         "`upscaler models list --scale 2` shows models that have it."),
        ({"scale": 2.5}, "For x2.5 x4 is computed, 2.6 times the pixels that are kept."),
        # Of several scales the one that wastes most: x5 for a.png takes two passes, x2 for b.png one.
        ({"long_edge": 60}, "For x5 x16 is computed, 10.2 times the pixels that are kept."),
        ({"scale": 4.0}, None),
        ({"scale": 16.0}, None),
    ],
)  # fmt: skip
def test_what_reducing_throws_away_is_told_as_a_cost(
    tmp_path: Path, plan: Callable[..., Plan], size: dict[str, Any], cost: str | None
) -> None:
    save(tmp_path / "a.png", noise(9, 12))
    save(tmp_path / "b.png", noise(20, 30))
    made = plan(tmp_path, settings={"model": "span"} | size)
    assert [note for note in made.notes if "pixels that are kept" in note] == ([cost] if cost else [])


@pytest.mark.parametrize("scale", [2.0, 4.0])
def test_a_native_scale_is_run_where_the_model_has_it(tmp_path: Path, plan: Callable[..., Plan], scale: float) -> None:
    made = plan(save(tmp_path / "a.png"), settings={"model": "pocket", "scale": scale})
    assert made.items[0].work is not None
    assert [step.scale for step in made.items[0].work.recipe.steps] == [scale]
    assert made.notes == ()


def test_a_full_disk_is_foretold(tmp_path: Path, plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    made = plan(save(tmp_path / "a.png", noise(400, 400)))
    assert len(made.warnings) == 1
    assert "will be written to" in made.warnings[0]


def test_the_plan_is_data_too(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    facts = plan(save(tmp_path / "a.png"), output=tmp_path / "b.png").facts()
    (item,) = facts["items"]  # type: ignore[misc]
    assert item["size"] == [12, 9]
    assert item["out_size"] == [24, 18]
    assert item["output"] == str(tmp_path / "b.png")

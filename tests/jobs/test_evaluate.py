"""``upscaler evaluate`` gives the published figures, and says which pictures it cannot pair."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.shared import SHARED, needs_shared
from upscaler.engine import Upscaler
from upscaler.errors import UsageError
from upscaler.jobs.evaluate import Evaluation, evaluate, find_cases, plot, rows
from upscaler.models.loading import load_model

SET5 = SHARED / "samples" / "set5"


@pytest.fixture(scope="module")
def measured() -> Evaluation:
    model = load_model(SHARED / "weights/ntire2024/team38_span_ch28_slim.pth")
    cases = [case for case in find_cases(SET5, None, 4) if case.name == "butterfly"]
    return evaluate(model, Upscaler(model, device="cpu", precision="fp32"), cases)


@needs_shared
def test_span_reaches_its_figure_on_butterfly(measured: Evaluation) -> None:
    assert measured.mean.psnr_y == pytest.approx(27.8250, abs=0.0005)


@needs_shared
def test_every_picture_and_the_mean_have_a_row(measured: Evaluation) -> None:
    found = list(rows([measured]))
    assert [row["picture"] for row in found] == ["butterfly", "mean"]
    assert found[0]["psnr_y"] == found[1]["psnr_y"]
    assert found[1]["parameters"] == 150_688


@needs_shared
def test_the_plot_is_a_picture(measured: Evaluation, tmp_path: Path) -> None:
    plot([measured], tmp_path / "plot.png")
    with Image.open(tmp_path / "plot.png") as drawn:
        assert drawn.width > 1000
        assert len(drawn.convert("RGB").getcolors(1 << 20) or []) > 10


def save(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / name)
    return folder


def test_a_set_is_recognised_by_its_folders(tmp_path: Path) -> None:
    save(tmp_path / "HR", "a.png", "b.png")
    save(tmp_path / "LRx2", "a.png")
    (case,) = find_cases(tmp_path, None, 2)
    assert (case.original, case.reduced) == (tmp_path / "HR/a.png", tmp_path / "LRx2/a.png")


def test_without_reduced_pictures_the_originals_are_reduced(tmp_path: Path) -> None:
    assert [case.reduced for case in find_cases(save(tmp_path / "own", "a.png"), None, 4)] == [None]


def test_a_reduced_picture_without_original_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds c, but .* no original of that name"):
        find_cases(save(tmp_path / "hr", "a.png"), save(tmp_path / "lr", "c.png"), 4)


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        find_cases(tmp_path / "nowhere", None, 4)
    with pytest.raises(UsageError, match="is empty"):
        find_cases(save(tmp_path / "void"), None, 4)

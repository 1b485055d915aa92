"""Executors: the same picture whoever computes it, and plain torch where another cannot."""

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.engine.small import small
from upscaler.engine import Upscaler
from upscaler.engine.events import Event, Fallback
from upscaler.engine.executors import choice
from upscaler.engine.executors.choice import Wish
from upscaler.engine.pixels import Pixels
from upscaler.errors import UsageError

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def picture() -> Pixels:
    return np.random.default_rng(3).integers(0, 256, (60, 90, 3), dtype=np.uint8)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path_factory.mktemp("home")))


def test_openvino_gives_the_same_picture(picture: Pixels) -> None:
    pytest.importorskip("openvino")
    model = small(traced=True)[0]
    ours = Upscaler(model, precision="fp32", tile=30, executor="torch").upscale(picture)
    theirs = Upscaler(model, precision="fp32", tile=30, executor="openvino").upscale(picture)
    assert abs(ours.astype(int) - theirs).max() <= 1


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(UsageError, match="auto, torch, native, compile, openvino"):
        Upscaler(small()[0], executor="abacus")


def test_auto_is_torch_where_nothing_was_measured() -> None:
    assert Upscaler(small()[0]).executor == "torch"


def test_auto_builds_nothing_while_a_picture_waits(picture: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain torch begins at once; what must be compiled or converted first is taken only after it was measured."""

    def build(*arguments: object, **options: object) -> None:
        raise AssertionError("something was built")

    monkeypatch.setattr(torch, "compile", build)
    monkeypatch.setattr(torch, "export", build, raising=False)
    monkeypatch.setattr(choice, "OpenVino", build)
    told: list[Event] = []
    upscaler = Upscaler(small()[0], precision="fp32", tile=30, tell=told.append)
    assert upscaler.upscale(picture).shape == (120, 180, 3)
    assert not [event for event in told if isinstance(event, Fallback)]


def test_auto_takes_what_was_measured_to_be_the_fastest_for_the_same_wish() -> None:
    wish = Wish(small()[0], CPU, precision="fp32")
    choice.record(wish, "compile", torch.float32)
    assert choice.chosen(wish) == ("compile", torch.float32)
    assert choice.chosen(Wish(wish.model, CPU, precision="bf16")) == ("torch", torch.bfloat16)


@pytest.mark.parametrize("content", ["", "[]", '{"x": "abacus"}', '{"x": ["abacus", "fp32"]}', "\0"])
def test_a_damaged_record_is_as_none(content: str) -> None:
    wish = Wish(small()[0], CPU, precision="fp32")
    choice.record(wish, "compile", torch.float32)
    choice._path().write_text(content)
    assert choice.chosen(wish) == ("torch", torch.float32)


def test_where_an_executor_fails_torch_goes_on_and_says_so(picture: Pixels) -> None:
    class Foreign:
        name = "foreign"

        def run(self, x: Tensor, window: Tensor | None) -> Tensor:
            raise ValueError("operator roll is not known")

    told: list[Event] = []
    upscaler = Upscaler(small()[0], precision="fp32", tile=30, tell=told.append)
    upscaler._runner._executor = Foreign()
    assert np.array_equal(upscaler.upscale(picture), Upscaler(small()[0], precision="fp32", tile=30).upscale(picture))
    (fallback,) = [event for event in told if isinstance(event, Fallback)]
    assert fallback.sentence == "foreign cannot run small (operator roll is not known); going on with torch."

"""What the window learns about the speed of models, without a window."""

import pytest
from upscaler_gui.paces import Paces

TIMES = {"span x4": 1.0, "slow x4": 10.0}


def test_a_pace_is_known_again_after_a_restart() -> None:
    paces = Paces()
    paces.learn(["span x4"], {"device": "cpu", "format": "png"}, seconds=3, megapixels=1.5)
    again = Paces(paces.to_text())
    assert again.pace(["span x4"], {"device": "cpu", "format": "jpg"}) == 2
    assert again.pace(["span x4"], {"device": "cuda"}) is None


def test_a_model_that_was_never_tried_is_estimated_from_one_that_was() -> None:
    paces = Paces()
    assert paces.estimate("slow", 4, TIMES, {}) is None
    paces.learn(["span x4"], {}, seconds=1, megapixels=1)
    assert paces.estimate("slow", 4, TIMES, {}) == 10
    assert paces.estimate("unknown", 4, TIMES, {}) is None


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"span x4": "quick"}'])
def test_what_cannot_be_read_is_forgotten(text: str) -> None:
    assert Paces(text).pace(["span x4"], {}) is None

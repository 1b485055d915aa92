"""SPAN beyond the challenge files: the layout in which it is trained."""

import pytest
import torch

from tests.networks.official import shapes
from tests.networks.seeded import error_of, load_seeded, seeded_cases, seeded_state
from tests.shared import needs_shared
from upscaler.networks import family
from upscaler.networks.family import State
from upscaler.networks.run import parameters


def training_state(width: int, scale: int) -> State:
    """All branches, and stale merged copies beside them, as files from training have them."""
    layout: dict[str, tuple[int, ...]] = {
        "conv_cat.weight": (width, 4 * width, 1, 1),
        "conv_cat.bias": (width,),
        "upsampler.0.weight": (3 * scale**2, width, 3, 3),
        "upsampler.0.bias": (3 * scale**2,),
    }
    inner = {f"block_{b}.c{k}_r": (width, width) for b in range(1, 7) for k in range(1, 4)}
    for name, (outputs, inputs) in {"conv_1": (width, 3), "conv_2": (width, width), **inner}.items():
        for branch, shape in {
            "sk": (outputs, inputs, 1, 1),
            "conv.0": (2 * inputs, inputs, 1, 1),
            "conv.1": (2 * outputs, 2 * inputs, 3, 3),
            "conv.2": (outputs, 2 * outputs, 1, 1),
            "eval_conv": (outputs, inputs, 3, 3),
        }.items():
            layout |= {f"{name}.{branch}.weight": shape, f"{name}.{branch}.bias": shape[:1]}
    state = seeded_state(layout)
    # Behind a factor of 255 random weights are too ill-conditioned to compare.
    for key in ("conv_1.sk.weight", "conv_1.conv.0.weight"):
        state[key] = state[key] / 255
    return state


@needs_shared
@pytest.mark.parametrize(("width", "scale", "size"), [(48, 4, 426_288), (52, 2, 481_324)])
def test_training_branches_are_merged_and_stale_copies_ignored(width: int, scale: int, size: int) -> None:
    loaded = load_seeded(training_state(width, scale))
    assert parameters(loaded.network) == size
    assert error_of(loaded, seeded_cases(f"span-ch{width}-x{scale}")) < 1e-5


def test_a_file_without_normalisation_is_run_without_it_even_after_conversion() -> None:
    span = family("span")
    state = training_state(8, 2) | {"no_norm": torch.zeros(1)}
    config = span.read_config(shapes(state))
    assert span.convert is not None
    converted = span.convert(state, config)
    assert not config.normalised
    assert span.read_config(shapes(converted)) == config
    span.build(config).load_state_dict(converted)

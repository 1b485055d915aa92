"""Mixed precision: every network, most of it in bfloat16."""

import pytest
import torch
from torch import Tensor

from tests.networks.official import Official, load, officials
from tests.networks.photo import photo
from tests.shared import needs_shared
from upscaler.networks.family import Traits
from upscaler.networks.precision import lower
from upscaler.networks.run import run_whole


def psnr(one: Tensor, other: Tensor) -> float:
    """For pictures in 0..1, in dB."""
    return float(-10 * (one - other).square().mean().log10())


@needs_shared
@pytest.mark.parametrize("official", officials(), ids=lambda o: f"{o.year}-{o.name}")
def test_bfloat16_keeps_a_photo_as_it_is_in_float32(official: Official) -> None:
    loaded = load(official)
    lowered = lower(loaded.network, loaded.traits, torch.bfloat16)
    with torch.inference_mode():
        full = run_whole(loaded.network, loaded.traits, photo(72, 80))
        half = run_whole(lowered, loaded.traits, photo(72, 80))
    assert half.dtype == torch.float32
    assert psnr(full.clamp(0, 1), half.clamp(0, 1)) > 45


def test_only_what_is_named_stays_in_float32() -> None:
    network = torch.nn.ModuleDict({"conv_1": torch.nn.Conv2d(1, 1, 1), "conv_10": torch.nn.Conv2d(1, 1, 1)})
    lowered = lower(network, Traits(scale=1, precise=("conv_1",)), torch.float16)
    assert {name: p.dtype for name, p in lowered.named_parameters()} == {
        "conv_1.weight": torch.float32,
        "conv_1.bias": torch.float32,
        "conv_10.weight": torch.float16,
        "conv_10.bias": torch.float16,
    }
    assert all(p.dtype == torch.float32 for p in network.parameters())

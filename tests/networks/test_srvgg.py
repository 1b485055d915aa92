"""SRVGGNetCompact with the fixed resize that some graphs end with."""

import pytest
import torch
import torch.nn.functional as F

from tests.networks.official import Loaded, build, shapes
from upscaler.networks import recognise
from upscaler.networks.srvgg import RESIZED, Resize, Srvgg, SrvggConfig
from upscaler.networks.window import Window, stack

DEPTH = 3


def resized(scale: int) -> Loaded:
    """A network for four times the size, followed by a resize."""
    torch.manual_seed(1)
    state = Srvgg(SrvggConfig(native=4, scale=scale, width=8, depth=DEPTH)).state_dict()
    state[RESIZED] = torch.zeros(scale)
    (family,) = recognise(shapes(state))
    return build(state, family)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_a_tile_is_that_part_of_the_whole_picture(scale: int) -> None:
    loaded = resized(scale)
    halo, picture = loaded.traits.halo, torch.rand(1, 3, 40, 17, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = loaded.network(picture)
        part = loaded.network(picture[:, :, 13 - halo : 19 + halo], stack([Window(13 - halo, 0, 40, 17)]))
    assert whole.shape == (1, 3, 40 * scale, 17 * scale)
    ours = part[:, :, halo * scale : (halo + 6) * scale]
    assert torch.allclose(ours, whole[:, :, 13 * scale : 19 * scale], atol=1e-6)


def test_only_a_resize_reaches_further_than_the_convolutions() -> None:
    assert [resized(scale).traits.halo for scale in (4, 3)] == [DEPTH + 2, DEPTH + 3]


def test_a_list_of_layers_with_anything_else_is_another_network() -> None:
    state = Srvgg(SrvggConfig(native=2, scale=2, width=8, depth=1)).state_dict()
    assert not recognise(shapes({**state, "tail.weight": torch.zeros(1)}))


@pytest.mark.parametrize(("native", "scale"), [(4, 3), (4, 2), (4, 1), (2, 3)])
def test_the_resize_is_the_usual_bicubic_one(native: int, scale: int) -> None:
    x = torch.rand(2, 3, 7 * native, 5 * native, generator=torch.Generator().manual_seed(1))
    expected = F.interpolate(x, (7 * scale, 5 * scale), mode="bicubic")
    assert torch.allclose(Resize(native, scale)(x), expected, atol=1e-5)

"""Networks that want pictures of certain sizes get them, whole or in tiles."""

import numpy as np
import numpy.typing as npt
import pytest
import torch

from upscaler.engine import Upscaler
from upscaler.models.model import Model
from upscaler.networks import family
from upscaler.networks.esc import EscConfig
from upscaler.networks.run import run_whole


def model(*, local: bool) -> Model:
    """An ESC in windows of 8; ``local``: its layers do not look at the whole picture."""
    torch.manual_seed(5)
    esc = family("esc")
    config = EscConfig(
        scale=2,
        width=16,
        mixed=8,
        estimator=4,
        blocks=1,
        layers=1,
        heads=2,
        side=8,
        first_hidden=16,
        hidden=16,
        normed=False,
    )
    network = esc.build(config).eval()
    for name, weights in network.named_parameters():
        if ".dwc_proj." in name:
            # Kernels that follow from the mean, and clearly so; or none.
            weights.data *= 0 if local else 10
    return Model("small", "esc", network, esc.traits(config), "0" * 64)


@pytest.mark.parametrize("tile", [0, 32])
@pytest.mark.parametrize("size", [(101, 75), (80, 96), (3, 90), (1, 1)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_a_picture_is_extended_at_its_own_end_only(size: tuple[int, int], tile: int) -> None:
    picture = np.random.default_rng(6).random((*size, 3), dtype=np.float32)
    small = model(local=True)
    result = Upscaler(small, device="cpu", precision="fp32", tile=tile).upscale(picture)
    assert np.allclose(result, whole(small, picture), atol=2e-5)


def test_exact_tiles_count_the_extension_among_the_pictures_values() -> None:
    picture = np.random.default_rng(7).random((181, 75, 3), dtype=np.float32)
    picture *= np.linspace(0, 1, 181, dtype=np.float32)[:, None, None]
    small = model(local=False)
    tiles = [Upscaler(small, device="cpu", precision="fp32", tile=32, exact=e).upscale(picture) for e in (True, False)]
    differences = [abs(part - whole(small, picture)).max() for part in tiles]
    assert differences[0] < 2e-5 < differences[1]


def whole(small: Model, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    with torch.inference_mode():
        result = run_whole(small.network, small.traits, torch.from_numpy(picture).permute(2, 0, 1)[None])
    return result[0].permute(1, 2, 0).numpy()

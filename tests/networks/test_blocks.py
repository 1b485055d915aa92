"""The shared blocks, and the merges that converters rely on: exact, borders included."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from tests.shared import SHARED, needs_shared
from upscaler.networks.blocks import (
    ESA,
    ESA_GRID,
    BlueprintConv,
    DeepESA,
    add_at_centre,
    fold_batch_norm,
    fold_edge_branches,
    fold_expansion,
    fold_reduction,
)
from upscaler.networks.window import Window, stack


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def close(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() < 1e-12)


@needs_shared
def test_an_edge_oriented_convolution_is_one_convolution_even_at_the_border() -> None:
    golden = np.load(SHARED / "goldens" / "ntire2024" / "block_ecb.npz")
    branches = {key[2:]: torch.from_numpy(golden[key]) for key in golden if key.startswith("p:")}
    kernel, bias = fold_edge_branches(branches, identity=True)
    for i in range(2):
        ours = F.gelu(F.conv2d(torch.from_numpy(golden[f"x{i}"]).double(), kernel, bias, padding=1))
        assert (ours - torch.from_numpy(golden[f"y{i}"])).abs().max() < 1e-5


def test_an_expansion_folds_where_the_frame_holds_its_bias() -> None:
    x, w0, b0, w1, b1 = noise(1, 3, 4, 5), noise(6, 3, 1, 1), noise(6), noise(2, 6, 3, 3), noise(2)
    branched = F.conv2d(F.conv2d(F.pad(x, (1, 1, 1, 1)), w0, b0), w1, b1)
    assert close(branched, F.conv2d(x, *fold_expansion(w0, b0, w1, b1), padding=1))


def test_a_reduction_folds_everywhere() -> None:
    x, w1, b1, w2, b2 = noise(1, 3, 4, 5), noise(6, 3, 3, 3), noise(6), noise(2, 6, 1, 1), noise(2)
    branched = F.conv2d(F.conv2d(x, w1, b1, padding=1), w2, b2)
    assert close(branched, F.conv2d(x, *fold_reduction(w1, b1, w2, b2), padding=1))


def test_a_parallel_1x1_goes_to_the_centre() -> None:
    x, kernel, pointwise = noise(1, 3, 4, 5), noise(2, 3, 3, 3), noise(2, 3, 1, 1)
    branched = F.conv2d(x, kernel, padding=1) + F.conv2d(x, pointwise)
    assert close(branched, F.conv2d(x, add_at_centre(kernel, pointwise), padding=1))


def test_a_batch_norm_folds_into_the_convolution_before_it() -> None:
    x, weight, bias = noise(1, 3, 4, 5), noise(2, 3, 3, 3), noise(2)
    scale, shift, mean, variance = noise(4, 2).unbind()
    variance = variance.square()
    normed = F.batch_norm(F.conv2d(x, weight, bias, padding=1), mean, variance, scale, shift)
    assert close(normed, F.conv2d(x, *fold_batch_norm(weight, bias, (scale, shift, mean, variance)), padding=1))


def test_a_blueprint_convolution_is_a_full_one_whose_kernels_are_multiples() -> None:
    blueprint = BlueprintConv(3, 4).double()
    kernel = blueprint.dw.weight * blueprint.pw.weight
    x = noise(1, 3, 5, 6)
    assert close(blueprint(x), F.conv2d(x, kernel, blueprint.dw.bias, padding=1))


@pytest.mark.parametrize("esa", [ESA(4, 3), ESA(4, 3, skip=False, bias=False), DeepESA(4, 3)], ids=["A", "B", "C"])
def test_tiles_of_one_batch_each_know_where_they_lie(esa: ESA) -> None:
    esa = esa.double()
    picture, side = noise(1, 4, 170, 152), 90
    places = [(0, 0), (8 * ESA_GRID, 4 * ESA_GRID), (13 * ESA_GRID, 10 * ESA_GRID)]
    read = torch.cat([picture[:, :, top : top + side, left : left + side] for top, left in places])
    with torch.no_grad():
        tiles = esa(read, stack([Window(top, left, 170, 152) for top, left in places]))
        whole = esa(picture)
    for tile, (top, left) in zip(tiles, places, strict=True):
        inside = tile[:, 42:48, 42:48]  # 42: more than any kind of ESA looks around
        assert (inside - whole[0, :, top + 42 : top + 48, left + 42 : left + 48]).abs().max() < 1e-6

"""Attention in windows, and what surrounds it, against the plain definitions."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.networks.official import officials
from tests.shared import needs_shared
from upscaler.networks.attention import (
    channel_attention,
    mirror_to_multiple,
    reflect_to_multiple,
    shifted_window_attention,
)
from upscaler.networks.dwmamba import join_bands, split_bands
from upscaler.networks.haesr import CORNER, CROSS, STAR, GridSets, LocalSets
from upscaler.networks.hitsr import Position
from upscaler.networks.swinir import cut, placed


def rolled(qkv: Tensor, heads: int, side: int, bias: Tensor, shift: int) -> Tensor:
    """Shifted windows as Swin defines them: roll, attend with a mask, roll back."""
    n, channels, height, width = qkv.shape
    depth = channels // 3 // heads
    regions = torch.zeros(1, height, width, 1)
    for i, rows in enumerate((slice(-side), slice(-side, -shift), slice(-shift, None))):
        for j, columns in enumerate((slice(-side), slice(-side, -shift), slice(-shift, None))):
            regions[:, rows, columns] = 3 * i + j
    labels = cut(regions, side)[:, :, 0]
    mask = (labels[:, :, None] != labels[:, None]).float() * -100
    windows = cut(qkv.roll((-shift, -shift), (2, 3)).permute(0, 2, 3, 1).contiguous(), side)
    query, key, value = windows.view(len(windows), side * side, 3, heads, depth).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(2, 3) / depth**0.5 + bias + mask.repeat(n, 1, 1)[:, None]
    result = (scores.softmax(3) @ value).transpose(1, 2).reshape(len(windows), side * side, -1)
    return placed(result, side, height, width).permute(0, 3, 1, 2).roll((shift, shift), (2, 3))


@pytest.mark.parametrize("size", [(4, 4), (8, 4), (12, 16)], ids=str)
@pytest.mark.parametrize("shift", [1, 2])
def test_shifted_windows_are_swins(size: tuple[int, int], shift: int) -> None:
    draw = torch.Generator().manual_seed(1)
    heads, side = 2, 4
    qkv = torch.randn(2, 3 * heads * 5, *size, generator=draw)
    # The bias of a pair of pixels depends on their offset, as everywhere.
    place = torch.arange(side * side)
    offset = (place[:, None] // side - place // side + side) * 2 * side + place[:, None] % side - place % side + side
    bias = torch.randn(heads, 4 * side * side, generator=draw)[:, offset]
    result = shifted_window_attention(qkv, heads, side, bias, shift)
    assert torch.allclose(result, rolled(qkv, heads, side, bias, shift), atol=1e-5)


def test_channel_attention_is_restormers() -> None:
    draw = torch.Generator().manual_seed(1)
    query, key, value = torch.randn(3, 2, 12, 5, 7, generator=draw)
    temperature = torch.rand(3, 1, 1, generator=draw) * 5
    q, k, v = (x.reshape(2, 3, 4, 35) for x in (query, key, value))
    scores = F.normalize(q, dim=3) @ F.normalize(k, dim=3).transpose(2, 3) * temperature
    expected = (scores.softmax(3) @ v).reshape(2, 12, 5, 7)
    assert torch.allclose(channel_attention(query, key, value, temperature), expected, atol=1e-6)


@settings(deadline=None)
@given(length=st.integers(1, 20), side=st.integers(1, 30))
def test_a_picture_is_reflected_again_and_again(length: int, side: int) -> None:
    x = torch.arange(float(length)).view(1, 1, length, 1)
    total = -(-length // side) * side
    once = [*range(length)]
    without_edge = (once + once[-2:0:-1]) * total
    with_edge = (once + once[::-1]) * total
    reflected, mirrored = (extend(x, side)[0, 0, :, 0].tolist() for extend in (reflect_to_multiple, mirror_to_multiple))
    assert reflected == without_edge[:total]
    assert mirrored == with_edge[:total]


def test_bands_join_to_what_they_were_split_from() -> None:
    x = torch.randn(2, 6, 8, 3, generator=torch.Generator().manual_seed(1))
    bands = split_bands(x)
    assert torch.allclose(join_bands(*bands), x, atol=1e-6)
    # Orthonormal: nothing is made louder.
    assert torch.allclose(sum(band.square().sum() for band in bands), x.square().sum())


def test_a_cells_position_is_the_mean_over_its_pixels() -> None:
    torch.manual_seed(1)
    position = Position().requires_grad_(False)
    side, cell = 16, 2
    place = torch.arange(side * side)
    pixels = torch.stack((place // side, place % side), 1)
    offsets = (pixels[:, None] - pixels[None]).float()
    single = position.pos3(position.pos2(position.pos1(position.pos_proj(offsets))))
    cells = (pixels // cell) @ torch.tensor([side // cell, 1])
    expected = torch.stack([single[:, cells == index].mean(1) for index in range((side // cell) ** 2)], 1)
    assert torch.allclose(position(side, cell), expected.permute(2, 0, 1), atol=1e-6)


@needs_shared
def test_haesr_samples_the_places_that_its_file_lists() -> None:
    (haesr,) = (official for official in officials("ntire2026") if official.name == "haesr")
    state = haesr.state()
    for name, samples in (("SLA1", STAR), ("SLA2", CROSS), ("SLA3", CORNER)):
        listed = state[f"block0.residual_layer.0.{name}.attn.ext_unfold.sample_indices"].tolist()
        assert [16 * row + column for row, column in LocalSets(samples).places] == listed


@pytest.mark.parametrize(("below", "beside"), [(True, True), (False, True), (True, False)])
def test_a_grids_points_lie_half_a_step_apart(*, below: bool, beside: bool) -> None:
    rows, columns = 3, 2
    row, column = torch.meshgrid(torch.arange(24.0), torch.arange(16.0), indexing="ij")
    places = torch.stack((row, column), 2)[None]
    keys = GridSets(below=below, beside=beside).keys_of(places)
    first = keys[1 * columns + 1]  # the grid that begins at row 1, column 1
    on_grid = [[1 + i * rows, 1 + j * columns] for i in range(8) for j in range(8)]
    down, right = (rows // 2 if below else 0), (columns // 2 if beside else 0)
    between = [[1 + i * rows + down, 1 + j * columns + right] for i in range(8 - below) for j in range(8 - beside)]
    assert first.tolist() == on_grid + between

"""ESC, SeemoRe and GMIN: the networks asked for by name, with seeded weights in their authors' layout."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from tests.networks.named import ESC, NAMED, SEEMORE_L, SEEMORE_T, Named, error, layout, load, state
from tests.networks.official import Loaded, shapes
from tests.networks.photo import photo
from tests.networks.seeded import seeded_cases
from tests.shared import SHARED, needs_shared
from upscaler.models.checkpoint import read_checkpoint
from upscaler.networks import attention, family, recognise
from upscaler.networks.blocks import GlobalStatistic
from upscaler.networks.esc import symmetric
from upscaler.networks.run import extension, multiply_adds, out_edge, parameters, run_whole
from upscaler.networks.window import Window, stack

ONE_EACH = [
    named
    for named in NAMED
    if named.golden
    in ("esc-light-x4", "esc-fp-x2", "esc-real-x4", "esc-lte-s3.7", "seemore-t-x3", "seemore-l-x4", "gmin-x4")
]


def of(golden: str) -> Named:
    return next(named for named in NAMED if named.golden == golden)


every = pytest.mark.parametrize("named", NAMED, ids=lambda n: n.golden)
one_each = pytest.mark.parametrize("named", ONE_EACH, ids=lambda n: n.golden)


@needs_shared
@every
def test_it_gives_what_its_authors_code_gives(named: Named) -> None:
    assert error(named, load(named)) < (1e-4 if named.architecture == "esc-lte" else 1e-5)


@needs_shared
@every
def test_it_has_the_size_and_the_cost_that_its_sheet_gives(named: Named) -> None:
    loaded, counted = load(named), named.facts["multiply_adds_256_g"]
    assert parameters(loaded.network) == named.facts["n_params"]
    # SeemoRe's cost depends on the route; ours is that of the largest expert.
    dearest = max(counted) if isinstance(counted, list) else counted
    assert multiply_adds(loaded.network, loaded.traits) / 1e9 == pytest.approx(dearest, rel=0.003)


@pytest.mark.parametrize(
    ("golden", "thousands"),
    [("esc-light-x4", 624), ("esc-x4", 968), ("esc-fp-x4", 539), ("seemore-t-x4", 232), ("seemore-l-x4", 969)],
)
def test_it_has_as_many_parameters_as_its_paper_says(golden: str, thousands: int) -> None:
    named = of(golden)
    assert round(parameters(family(named.architecture).build(named.config)) / 1000) == thousands


@every
def test_its_official_layout_is_recognised_as_no_other(named: Named) -> None:
    keys = layout(named)
    assert [found.name for found in recognise(keys)] == [named.architecture]
    config = family(named.architecture).read_config(keys)
    assert config == (replace(named.config, scale=4.0) if named.architecture == "esc-lte" else named.config)


@one_each
def test_its_converted_form_is_recognised_and_kept_to_the_last_bit(named: Named) -> None:
    found = family(named.architecture)
    once = (found.convert or (lambda s, _: s))(state(named), named.config)
    twice = (found.convert or (lambda s, _: s))(once, named.config)
    assert [kind.name for kind in recognise(shapes(once))] == [named.architecture]
    assert all(torch.equal(value, twice[key]) for key, value in once.items())


@needs_shared
@pytest.mark.parametrize(
    ("file", "golden"),
    [
        ("seemore-t-x4.safetensors", "seemore-t-x4"),
        ("seemore-t-x2-sharded/model.safetensors.index.json", "seemore-t-x2"),
    ],
)
def test_a_file_of_safetensors_single_or_in_shards_is_the_same_network(file: str, golden: str) -> None:
    read = read_checkpoint(SHARED / "goldens" / "seeded" / file).state
    expected = state(of(golden))
    assert read.keys() == expected.keys()
    assert all(torch.equal(read[key], value) for key, value in expected.items())


@needs_shared
def test_a_picture_is_extended_as_in_the_authors_evaluation() -> None:
    loaded = load(of("esc-x4"))
    for x, y in seeded_cases("esc-x4-imagepad"):
        with torch.inference_mode():
            ours = run_whole(loaded.network, loaded.traits, torch.from_numpy(x)).numpy()
        assert abs(ours - y).max() < 1e-5 * abs(y).max()


def test_the_extension_reflects_what_is_long_enough_and_repeats_the_edge_of_the_rest() -> None:
    assert extension(5, 3, 4) == [3, 2, 1]
    assert extension(2, 3, 4) == [1, 1]
    assert extension(8, 3, 4) == []
    assert extension(1, 15) == [0] * 14


@one_each
@pytest.mark.parametrize("size", [(1, 1), (2, 19), (17, 16), (33, 7)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_it_takes_any_size(named: Named, size: tuple[int, int]) -> None:
    loaded = load(named)
    with torch.inference_mode():
        result = run_whole(loaded.network, loaded.traits, torch.rand(1, 3, *size))
    assert result.shape == (1, 3, *(out_edge(length, loaded.traits.scale) for length in size))
    assert result.isfinite().all()


@one_each
def test_a_batch_equals_one_at_a_time(named: Named) -> None:
    loaded = load(named)
    # So different that SeemoRe sends them along different routes.
    pictures = torch.rand(3, 3, 24, 31, generator=torch.Generator().manual_seed(1))
    pictures *= torch.tensor([1, 0.3, 0.05]).view(3, 1, 1, 1)
    with torch.inference_mode():
        together = run_whole(loaded.network, loaded.traits, pictures)
        alone = torch.cat([run_whole(loaded.network, loaded.traits, picture[None]) for picture in pictures])
    assert torch.allclose(together, alone, atol=1e-4 * float(alone.abs().max()))


@contextmanager
def statistics_of(network: nn.Module, picture: Tensor) -> Iterator[Tensor]:
    """What the network makes of the whole picture; inside, the picture's statistics are supplied."""
    statistics = [module for module in network.modules() if isinstance(module, GlobalStatistic)]
    found: dict[nn.Module, tuple[Tensor, ...]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda m, args: found.update({m: m.moments(args[0])})) for module in statistics
    ]
    whole = network(picture)
    for hook in hooks:
        hook.remove()
    for module in statistics:
        module.known = found[module]
    try:
        yield whole
    finally:
        for module in statistics:
            module.known = None


def tiled(loaded: Loaded, picture: Tensor, cuts: tuple[int, ...], columns: slice) -> Tensor:
    """The rows between the cuts, tile by tile; the columns as one."""
    height, width = picture.shape[2:]
    traits, bands = loaded.traits, []
    for top, bottom in pairwise(cuts):
        start = max(top - traits.halo, 0) // traits.grid * traits.grid
        read = picture[:, :, start : min(bottom + traits.halo, height), columns]
        y = loaded.network(read, stack([Window(start, columns.start, height, width)]))
        origin = out_edge(start, traits.scale)
        bands.append(y[:, :, out_edge(top, traits.scale) - origin : out_edge(bottom, traits.scale) - origin])
    return torch.cat(bands, 2)


@needs_shared
@pytest.mark.slow
@one_each
def test_tiles_with_the_pictures_statistics_are_the_whole_picture(named: Named) -> None:
    loaded = load(named)
    cut = loaded.traits.halo + 2 * loaded.traits.grid + 37
    picture = photo(cut + loaded.traits.halo + 23, 64)
    with torch.inference_mode(), statistics_of(loaded.network, picture) as whole:
        parts = tiled(loaded, picture, (0, cut, picture.shape[2]), slice(0, 64))
    assert (parts - whole).abs().max() < 1e-4 * whole.abs().max()


def test_a_kernel_and_its_flips_and_turns_have_the_same_mean_to_the_last_bit() -> None:
    kernel = torch.randn(4, 4, 13, 13, generator=torch.Generator().manual_seed(2))
    mean = symmetric(kernel)
    assert torch.equal(mean, symmetric(kernel.rot90(1, (2, 3)).flip(2)))
    assert torch.equal(mean, symmetric(mean))
    assert torch.allclose(mean.sum((2, 3)), kernel.sum((2, 3)), atol=1e-4)


def test_attention_in_windows_is_what_its_definition_says() -> None:
    generator = torch.Generator().manual_seed(3)
    side, heads, depth = 4, 2, 3
    table = torch.randn(heads, (2 * side - 1) ** 2, generator=generator)
    qkv = torch.randn(2, 3 * heads * depth, 8, 12, generator=generator)
    bias = attention.relative_bias(table, side)
    result = attention.window_attention(qkv, heads, side, bias)
    # One query by hand: picture 1, head 1, row 6, column 9, in the window that begins at row 4, column 8.
    query, key, value = qkv[1].view(3, heads, depth, 8, 12)[:, 1]
    own = [(y, x) for y in range(4, 8) for x in range(8, 12)]
    scores = torch.stack(
        [
            query[:, 6, 9] @ key[:, y, x] / depth**0.5
            + table[1, (y - 6 + side - 1) * (2 * side - 1) + x - 9 + side - 1]
            for y, x in own
        ]
    )
    expected = sum(weight * value[:, y, x] for weight, (y, x) in zip(scores.softmax(0), own, strict=True))
    assert torch.allclose(result[1, depth:, 6, 9], torch.as_tensor(expected), atol=1e-5)


def test_a_short_map_goes_on_being_reflected() -> None:
    assert attention.reflect_to_multiple(torch.arange(3.0).view(1, 1, 3, 1), 8)[0, 0, :, 0].tolist() == [
        0, 1, 2, 1, 0, 1, 2, 1,
    ]  # fmt: skip


@needs_shared
def test_only_the_expert_that_the_picture_is_sent_to_is_computed() -> None:
    network = deepcopy(load(of("seemore-t-x3")).network)
    picture = photo(40, 40)
    routes: list[int] = []
    gates = [module for name, module in network.named_modules() if name.endswith(".moe_layer.gate")]
    hooks = [gate.register_forward_hook(lambda _m, _x, y: routes.append(int(y.argmax()))) for gate in gates]
    with torch.inference_mode():
        before = network(picture)
        for hook in hooks:
            hook.remove()
        for group, route in zip(network.body, routes, strict=True):  # type: ignore[arg-type]
            for i, expert in enumerate(group.local_block.block.moe_layer.experts):
                if i != route:
                    for weights in expert.parameters():
                        weights.fill_(torch.nan)
        after = network(picture)
    assert torch.equal(before, after)


def test_the_large_seemore_alone_pools_once() -> None:
    assert (SEEMORE_L.cell, SEEMORE_T.cell) == (4, 16)


@pytest.mark.parametrize("scale", [1.0, 1.3, 2.5, 3.7, 7.25])
def test_any_scale_gives_exactly_that_size(scale: float) -> None:
    lte = family("esc-lte")
    small = replace(of("esc-lte-s2").config, encoder=replace(ESC, scale=1, blocks=1, layers=1), hidden=16)
    assert lte.any_scale is not None
    config = lte.any_scale(small, scale)
    with torch.inference_mode():
        result = run_whole(lte.build(config), lte.traits(config), torch.rand(1, 3, 21, 30))
    assert result.shape[2:] == (out_edge(21, scale), out_edge(30, scale))

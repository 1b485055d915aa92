"""Networks whose official weights are not at hand, or that communities train: seeded weights, the same questions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pytest
import torch
from torch import Tensor, nn

from tests.networks.official import Loaded, shapes
from tests.networks.photo import photo
from tests.networks.seeded import load_seeded, seeded_cases, seeded_state
from tests.shared import needs_shared
from upscaler.networks.family import Shapes, State
from upscaler.networks.layout import Rule, renamed
from upscaler.networks.magicsr import MagicSr, MagicSrConfig, StageConfig
from upscaler.networks.rrdbnet import RrdbNet, RrdbNetConfig
from upscaler.networks.run import multiply_adds, parameters, run_whole
from upscaler.networks.srvgg import Srvgg, SrvggConfig
from upscaler.networks.window import Window, stack

pytestmark = needs_shared

REAL_ESRGAN: tuple[Rule, ...] = ((r"^conv_up\.(\d)", lambda found: f"conv_up{int(found[1]) + 1}"),)
ESRGAN: tuple[Rule, ...] = (
    (r"^body\.(\d+)\.rdb(\d)\.", r"RRDB_trunk.\1.RDB\2."),
    (r"^conv_body", "trunk_conv"),
    (r"^conv_up\.(\d)", lambda found: f"upconv{int(found[1]) + 1}"),
    (r"^conv_hr", "HRconv"),
)
MAGICSR: tuple[Rule, ...] = (
    (r"^shallow_extract", "shallow_extract.conv1"),
    (r"^encoders\.(\d)", lambda found: f"encoder_layer{int(found[1]) + 1}"),
    (r"^decoder", "decoder_layer1"),
    (r"\.context\.", ".ngram_window_partition.ngram_context."),
    (r"^(before_shuffle|to_origin)", r"to_target.\1"),
)


@dataclass(frozen=True)
class Case:
    """A golden, the network that it is of, and what its sheet says."""

    golden: str
    build: Callable[[], nn.Module]
    published: tuple[Rule, ...]
    """From our names to those of the file."""

    parameters: int
    multiply_adds: float


def rrdbnet(*, fold: int = 1, blocks: int = 23) -> Callable[[], nn.Module]:
    return lambda: RrdbNet(RrdbNetConfig(width=64, growth=32, blocks=blocks, fold=fold, doublings=2))


def srvgg(scale: int, depth: int) -> Callable[[], nn.Module]:
    return lambda: Srvgg(SrvggConfig(native=scale, scale=scale, width=64, depth=depth))


def magicsr() -> nn.Module:
    wide, narrow = StageConfig(6, 6, 60, 30), StageConfig(4, 4, 64, 32)
    return MagicSr(MagicSrConfig(scale=4, width=64, hidden=128, encoders=(wide, narrow, narrow), decoder=wide))


CASES = (
    Case("rrdbnet-x4", rrdbnet(), REAL_ESRGAN, 16_697_987, 1174.85e9),
    Case("rrdbnet-x2", rrdbnet(fold=2), REAL_ESRGAN, 16_703_171, 293.80e9),
    Case("rrdbnet-6b", rrdbnet(blocks=6), REAL_ESRGAN, 4_467_779, 373.98e9),
    Case("efficientsrgan", rrdbnet(), ESRGAN, 16_697_987, 1174.85e9),
    Case("srvgg-x4", srvgg(4, 32), (), 1_213_296, 79.23e9),
    Case("srvgg-x2-c16", srvgg(2, 16), (), 600_652, 39.22e9),
    Case("magicsr", magicsr, MAGICSR, 1_019_156, 37.85e9),
)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.golden)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


@pytest.fixture
def loaded(case: Case) -> Loaded:
    return load(case)


@lru_cache(maxsize=1)
def load(case: Case) -> Loaded:
    return load_seeded(file_of(case))


def file_of(case: Case) -> State:
    """What its authors' file holds."""
    with torch.device("meta"):
        own = case.build().state_dict()
    layout: Shapes = renamed({key: tuple(value.shape) for key, value in own.items()}, *case.published)
    return seeded_state(dict(layout), buffers=buffers(layout))


def buffers(layout: Shapes) -> Mapping[str, Tensor]:
    """MagicSR's tables and masks, which follow from sizes; nothing may depend on what a file says there."""
    tables = [key for key in layout if key.endswith(".relative_position_bias_table")]
    return {key.replace("_bias_table", "_index"): torch.full((4, 4), -1) for key in tables} | {
        key.replace(".attn.relative_position_bias_table", ".attn_mask"): torch.full((4, 4), torch.nan)
        for key in tables
        if key.endswith(".attn.relative_position_bias_table")
    }


def test_it_gives_what_its_authors_code_gives(case: Case, loaded: Loaded) -> None:
    for x, y in seeded_cases(case.golden):
        with torch.inference_mode():
            ours = run_whole(loaded.network, loaded.traits, torch.from_numpy(x)).numpy()
        assert abs(ours - y).max() < 1e-5 * abs(y).max()


def test_it_has_the_size_that_its_sheet_gives(case: Case, loaded: Loaded) -> None:
    assert parameters(loaded.network) == case.parameters


def test_it_costs_what_its_sheet_gives(case: Case, loaded: Loaded) -> None:
    assert multiply_adds(loaded.network, loaded.traits) == pytest.approx(case.multiply_adds, rel=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (17, 16)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_it_takes_any_size(loaded: Loaded, size: tuple[int, int]) -> None:
    scale = int(loaded.traits.scale)
    with torch.inference_mode():
        result = run_whole(loaded.network, loaded.traits, torch.rand(1, 3, *size))
    assert result.shape == (1, 3, scale * size[0], scale * size[1])
    assert result.isfinite().all()


def test_a_batch_equals_one_at_a_time(loaded: Loaded) -> None:
    pictures = torch.rand(2, 3, 12, 17, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        together = run_whole(loaded.network, loaded.traits, pictures)
        alone = torch.cat([run_whole(loaded.network, loaded.traits, picture[None]) for picture in pictures])
    assert torch.allclose(together, alone, atol=1e-5 * float(alone.abs().max()))


def test_what_is_converted_already_stays_as_it_is(loaded: Loaded) -> None:
    converted = loaded.network.state_dict()
    config = loaded.family.read_config(shapes(converted))
    again = loaded.family.convert(converted, config) if loaded.family.convert else converted
    assert again.keys() == converted.keys()
    assert all(torch.equal(again[key], converted[key]) for key in converted)
    assert shapes(loaded.family.build(config).state_dict()) == shapes(converted)


@pytest.mark.parametrize("golden", ["rrdbnet-x2", "srvgg-x2-c16", "magicsr"])
def test_a_tile_is_that_part_of_the_whole_picture(golden: str) -> None:
    loaded = load(next(case for case in CASES if case.golden == golden))
    traits, scale, (height, width) = loaded.traits, int(loaded.traits.scale), (420, 20)
    picture = photo(height, width)
    with torch.inference_mode():
        whole = loaded.network(picture)
        for start, stop in ((20, 40), (300, 330), (419, 420)):
            top = max(start - traits.halo, 0) // traits.grid * traits.grid
            bottom = min(stop + traits.halo, height)
            bottom += -bottom % traits.multiple
            part = loaded.network(picture[:, :, top:bottom], stack([Window(top, 0, height, width)]))
            ours = part[:, :, (start - top) * scale : (stop - top) * scale]
            error = (ours - whole[:, :, start * scale : stop * scale]).abs().max()
            assert error < 1e-5 * whole.abs().max(), (start, stop)

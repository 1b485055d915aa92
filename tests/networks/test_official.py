"""Every network of the NTIRE challenges: the same questions for each, with its authors' weights."""

import pytest
import torch

from tests.networks.official import Loaded, Official, load, officials, shapes
from tests.networks.photo import photo
from tests.shared import needs_shared
from upscaler.networks.run import multiply_adds, parameters, run_whole

pytestmark = needs_shared

TOLERANCE = {"lkfn": 2e-4}
"""Of the range, where the sheet says more than 1e-4."""

ROUTED = ("mambairv2-light", "dwmamba")
"""They choose a class for each pixel: where two are nearly as likely, rounding decides (``test_routes.py``)."""

COUNTED_BESIDES = {"dvmsr": 4 * 256**2 * 120 * 16 * 8, "haesr": -10557 * 256**2}
"""Multiply-adds that the sheet leaves out (DVMSR's eight scans), or that are saved here (keys and values of HAESR that
several windows share: its authors project them anew for each)."""


@pytest.fixture(scope="module", params=officials(), ids=lambda o: f"{o.year}-{o.name}")
def official(request: pytest.FixtureRequest) -> Official:
    chosen: Official = request.param
    return chosen


@pytest.fixture
def loaded(official: Official) -> Loaded:
    return load(official)


def test_it_gives_what_its_authors_code_gives(official: Official, loaded: Loaded) -> None:
    for x, y in official.cases():
        with torch.inference_mode():
            ours = loaded.network(torch.from_numpy(x)).numpy()
        error = abs(ours - y) / loaded.traits.value_range
        if official.name in ROUTED:
            assert (error**2).mean() < 10**-8.5
        else:
            assert error.max() < TOLERANCE.get(official.name, 1e-4)


def test_it_has_the_size_that_its_sheet_gives(official: Official, loaded: Loaded) -> None:
    assert parameters(loaded.network) == official.parameters


def test_it_costs_what_its_sheet_gives(official: Official, loaded: Loaded) -> None:
    expected = official.multiply_adds + COUNTED_BESIDES.get(official.name, 0)
    assert multiply_adds(loaded.network, loaded.traits) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (17, 16), (33, 7)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_it_takes_any_size(loaded: Loaded, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        result = run_whole(loaded.network, loaded.traits, torch.rand(1, 3, *size))
    assert result.shape == (1, 3, 4 * size[0], 4 * size[1])
    assert result.isfinite().all()


def test_a_batch_equals_one_at_a_time(official: Official, loaded: Loaded) -> None:
    pictures = torch.cat(photo(72, 31).split(24, 2))  # noise would do, but some networks blow its rounding errors up
    with torch.inference_mode():
        together = run_whole(loaded.network, loaded.traits, pictures)
        alone = torch.cat([run_whole(loaded.network, loaded.traits, picture[None]) for picture in pictures])
    # A pixel that changes its class changes the result by up to 5e-4.
    assert (together - alone).abs().max() < (2e-3 if official.name in ROUTED else 1e-4)


def test_what_is_converted_already_stays_as_it_is(official: Official, loaded: Loaded) -> None:
    config = loaded.family.read_config(shapes(official.state()))
    converted = loaded.network.state_dict()
    again = loaded.family.convert(converted, config) if loaded.family.convert else converted
    assert again.keys() == converted.keys()
    assert all(torch.equal(again[key], converted[key]) for key in converted)

"""Every network of the challenges by our own kernels: what its authors' code gives."""

import pytest
import torch

from tests.networks.official import Official, load, officials
from tests.networks.test_official import ROUTED, TOLERANCE
from tests.shared import needs_shared
from upscaler.engine.native import library
from upscaler.engine.native.fusing import fuse, replace_convolutions

pytestmark = [
    needs_shared,
    pytest.mark.skipif(not library.available(), reason="no compiler for the kernels"),
]


@pytest.mark.parametrize("official", officials(), ids=lambda o: f"{o.year}-{o.name}")
def test_our_kernels_give_what_its_authors_code_gives(official: Official) -> None:
    original, ours = load(official), load(official)
    replaced = replace_convolutions(ours.network, original.network)
    graph = fuse(ours.network, windowed=False)
    assert replaced or graph is not ours.network
    x, y = official.cases()[0]
    with torch.inference_mode():
        found = graph(torch.from_numpy(x)).numpy()
    error = abs(found - y) / original.traits.value_range
    if official.name in ROUTED:
        assert (error**2).mean() < 10**-8.5
    else:
        assert error.max() < TOLERANCE.get(official.name, 1e-4)

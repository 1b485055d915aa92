"""Memory: what a network needs is measured, tiles follow from it, and nothing grows."""

import gc
import subprocess
import sys

import numpy as np
import psutil
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.engine.small import small
from upscaler.engine import Upscaler, allocator
from upscaler.engine.memory import Need, _Ledger, need
from upscaler.engine.plan import BANDS, LARGEST, MARGIN, Room, tile_plan
from upscaler.networks.family import Traits

CPU = torch.device("cpu")


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the program, where the allocator was told to keep what is freed."""
    monkeypatch.setattr(allocator, "_kept", True)


def test_the_need_counts_all_tensors_that_live_at_once() -> None:
    class Two(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first = x.expand(1, 8, *x.shape[2:]).clone()  # 32 bytes a pixel
            second = first + 1  # 32 more, while the first still lives
            del first
            return second[:, :3].clone()  # 12

    found = need(Two(), Traits(scale=1, channels=1), CPU, 32)
    assert found.peak == 4 + 32 + 32
    assert found.largest == 32


@given(
    st.integers(4000, 20000),
    st.floats(100, 3000),
    st.sampled_from([0, 21, 84, 128]),
    st.integers(28, 34).map(lambda n: 2**n),
)
def test_tiles_and_band_fill_the_budget_and_no_more(side: int, peak: float, halo: int, budget: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocator, "_kept", True)
        traits = Traits(scale=4, halo=halo)
        row = 16 * side * 3.0
        plan = tile_plan((side, side), row, traits, Need(peak, peak / 3), Room(budget, True), CPU, None, 0)
    assert plan.core is not None
    read = plan.core + 2 * halo
    assume(read > 2 * halo + 32)
    used = read**2 * peak * MARGIN + plan.core * BANDS * row
    assert used <= budget
    assert used > budget / 2 or read > LARGEST["cpu"] - 8


def test_a_budget_that_was_given_holds(keeping: None) -> None:
    budget = 24 * 2**20
    upscaler = Upscaler(small()[0], precision="fp32", memory=budget)
    picture = np.zeros((900, 900, 3), np.uint8)
    with _Ledger() as ledger:
        upscaler.upscale(picture)
    assert budget / 4 < ledger.peak < budget


def test_a_picture_that_fits_is_one_tile_and_zero_means_so(keeping: None) -> None:
    assert Upscaler(small()[0], memory=2**30).core_for(1000, 1200) is None
    assert Upscaler(small()[0], memory=2**30, tile=0).core_for(1500, 1900) is None
    assert Upscaler(small()[0], memory=2**24, tile=0).core_for(1500, 1900) is not None


def test_the_same_free_memory_or_nearly_gives_the_same_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    from upscaler.engine import plan

    rooms = set()
    for free in (9_000_000_000, 12_000_000_000, 16_000_000_000):
        monkeypatch.setattr(plan, "free", lambda device, free=free: free)
        rooms.add(Room.on(CPU, None))
    assert rooms == {Room(2**32, False)}


@pytest.mark.slow
def test_memory_does_not_grow_over_a_thousand_pictures() -> None:
    upscaler = Upscaler(small()[0], precision="fp32", tile=64)
    random = np.random.default_rng(0)

    def some(count: int) -> int:
        for _ in range(count):
            # A camera has few sizes; for each new one libraries prepare themselves, and keep that.
            height, width = [(30, 40), (140, 60), (100, 101)][random.integers(3)]
            upscaler.upscale(random.integers(0, 256, (height, width, 3), dtype=np.uint8))
        gc.collect()
        return int(psutil.Process().memory_info().rss)

    settled = some(100)
    assert some(1000) < settled + 10 * 2**20


def test_an_engine_imports_no_compiler() -> None:
    """Torch's takes as long to import as all the rest of torch."""
    code = (
        "import sys, numpy, upscaler;"
        "from upscaler.engine import Upscaler;"
        "Upscaler(upscaler.load_model('pocket', 4), device='cpu').upscale(numpy.zeros((40, 40, 3), 'uint8'));"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

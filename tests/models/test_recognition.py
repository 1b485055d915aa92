"""Every known checkpoint belongs to exactly one architecture, and its row says of the network what the network says."""

import pytest

from tests.shared import SHARED, needs_shared
from upscaler.models.catalogue import official_catalogue
from upscaler.models.checkpoint import read_checkpoint
from upscaler.models.convert import shapes
from upscaler.models.manifest import Entry
from upscaler.networks import ARCHITECTURES, family, recognise
from upscaler.networks.run import parameters

AT_HAND = [
    entry
    for entry in official_catalogue().entries
    if entry.files and all(file.mirror and (SHARED / "weights" / file.mirror).is_file() for file in entry.files)
]


def test_every_row_has_a_network() -> None:
    assert {entry.architecture for entry in official_catalogue().entries} <= ARCHITECTURES.keys()


@needs_shared
@pytest.mark.parametrize("entry", AT_HAND, ids=lambda e: e.key)
def test_a_checkpoint_is_of_exactly_one_architecture_and_its_row_tells_the_truth(entry: Entry) -> None:
    path = SHARED / "weights" / str(entry.files[0].mirror)
    found = shapes(read_checkpoint(path, entry.state.outer).state)
    assert [one.name for one in recognise(found)] == [entry.architecture]
    chosen = family(entry.architecture)
    config = chosen.read_config(found)
    traits, tiling = chosen.traits(config), entry.tiling
    assert tiling is not None
    assert traits.scale == entry.scale
    assert (tiling.halo, tiling.align, tiling.min_size) == (traits.halo, traits.grid, traits.min_size)
    assert tiling.global_statistics == traits.global_statistics
    assert traits.value_range == entry.io.range
    assert entry.cost is not None
    assert parameters(chosen.build(config)) == entry.cost.params


@needs_shared
def test_no_official_checkpoint_is_without_a_row() -> None:
    listed = {file.mirror for entry in official_catalogue().entries for file in entry.files}
    files = [
        path.relative_to(SHARED / "weights").as_posix()
        for pattern in ("*.pth", "*.pt", "*.pkl", "*.bin")
        for path in (SHARED / "weights").glob(f"*/{pattern}")
    ]
    assert sorted(set(files) - listed) == []

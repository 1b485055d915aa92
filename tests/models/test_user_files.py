"""Checkpoints that users save by hand, in their authors' layout, for models whose weights could not be fetched here."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.networks.named import NAMED, Named, state
from tests.shared import needs_shared
from upscaler.models.catalogue import official_catalogue
from upscaler.models.formats import sniff
from upscaler.models.importing import import_file
from upscaler.models.loading import load_model, try_out
from upscaler.models.manifest import Entry
from upscaler.networks import family

pytestmark = needs_shared


def row_of(named: Named) -> Entry:
    """The official row that a golden's network belongs to."""
    name, _, scale = named.golden.removesuffix("-bias").rpartition("-")
    return official_catalogue().find(name, float(scale[1:]))


@pytest.mark.parametrize("named", NAMED, ids=lambda n: n.golden)
def test_a_file_in_the_authors_layout_passes_the_trial_of_its_row(named: Named, tmp_path: Path) -> None:
    entry = row_of(named)
    assert entry.architecture == named.architecture
    torch.save({entry.state.outer or "params": state(named)}, tmp_path / "saved.pth")
    try_out(entry, (tmp_path / "saved.pth",))
    traits = family(named.architecture).traits(named.config)
    assert entry.tiling is not None
    assert (entry.tiling.halo, entry.tiling.align, entry.tiling.min_size) == (
        traits.halo,
        traits.grid,
        traits.min_size,
    )


def test_a_saved_file_is_found_by_its_own_name_and_then_works_at_any_scale(tmp_path: Path) -> None:
    named = next(n for n in NAMED if n.architecture == "esc-lte")
    path = tmp_path / "esc_lte.pth"
    torch.save({"params_ema": state(named)}, path)
    assert sniff(path.read_bytes()[:64]) == "torch-zip"
    assert import_file(path, official_catalogue()).entry.name == "esc-lte"
    for scale in (3.7, 2.0):
        model = load_model("esc-lte", scale, offline=True)
        assert (model.scale, model.name) == (scale, "esc-lte")


def test_a_network_without_public_weights_takes_those_that_a_user_trained(tmp_path: Path) -> None:
    named = next(n for n in NAMED if n.architecture == "gmin")
    save_file(state(named), tmp_path / "my-gmin.safetensors")
    entry = import_file(tmp_path / "my-gmin.safetensors", official_catalogue()).entry
    assert (entry.name, entry.architecture, entry.availability) == ("my-gmin", "gmin", "imported")
    assert load_model("my-gmin", offline=True).architecture == "gmin"
    assert import_file(tmp_path / "my-gmin.safetensors", official_catalogue(), name="gmin").entry.name == "gmin"
    assert load_model("gmin", entry.scale if entry.scale != "any" else None, offline=True).name == "gmin"

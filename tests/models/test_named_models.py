"""The models that users ask for by name: their files as published, and every scale that they have."""

from pathlib import Path

import pytest
import torch

from tests.networks.named import NAMED, Named, state
from tests.networks.official import shapes
from tests.shared import SHARED, needs_shared
from upscaler.models.loading import load_model
from upscaler.networks.run import run_whole

OUTER = {"esc": "params_ema", "esc-fp": "params_ema", "esc-real": "params_ema", "seemore": "params"}


def published(named: Named, folder: Path) -> Path:
    """The file that its authors would publish."""
    path, weights = folder / f"{named.golden}.pth", state(named)
    if named.architecture == "esc-lte":
        # A dump of a training run.
        spec = {"name": "lte", "args": {"hidden_dim": 256, "encoder_spec": {"name": "esc"}}, "sd": weights}
        torch.save({"model": spec, "optimizer": {"name": "adam", "sd": {"state": {}}}, "epoch": 1000}, path)
    else:
        outer = OUTER.get(named.architecture)
        torch.save({outer: weights} if outer else weights, path)
    return path


@pytest.mark.parametrize("named", [n for n in NAMED if n.golden != "esc-lte-s1"], ids=lambda n: n.golden)
def test_a_file_as_its_authors_publish_it_is_recognised(named: Named, tmp_path: Path) -> None:
    model = load_model(published(named, tmp_path), named.config.scale)
    assert (model.architecture, model.scale) == (named.architecture, named.config.scale)
    expected = named.config.scale, model.traits.grid
    again = load_model(tmp_path / f"{named.golden}.pth", named.config.scale)
    assert (again.scale, again.traits.grid) == expected
    assert shapes(again.network.state_dict()) == shapes(model.network.state_dict())


def test_any_scale_is_exactly_the_one_that_was_asked_for(tmp_path: Path) -> None:
    named = next(n for n in NAMED if n.golden == "esc-lte-s3.7")
    model = load_model(published(named, tmp_path), scale=3.7)
    assert model.scale == 3.7
    with torch.inference_mode():
        assert run_whole(model.network, model.traits, torch.rand(1, 3, 20, 31)).shape == (1, 3, 74, 115)


@needs_shared
@pytest.mark.parametrize(
    ("file", "scale"), [("seemore-t-x4.safetensors", 4), ("seemore-t-x2-sharded/model.safetensors.index.json", 2)]
)
def test_safetensors_single_or_in_shards_are_recognised(file: str, scale: int) -> None:
    model = load_model(SHARED / "goldens" / "seeded" / file)
    assert (model.architecture, model.scale) == ("seemore", scale)

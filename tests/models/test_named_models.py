"""The models that users ask for by name: their files as published, and every scale that they have."""

from pathlib import Path

import pytest
import torch

from tests.networks.named import NAMED, Named, state
from tests.networks.official import shapes
from tests.shared import SHARED, needs_shared
from upscaler.errors import ModelError
from upscaler.models.catalogue import official_catalogue
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


SCALES = {
    "esc": (2, 3, 4),
    "esc-light": (2, 3, 4),
    "esc-fp": (2, 3, 4),
    "esc-real": (4,),
    "seemore-t": (2, 3, 4),
    "seemore-b": (2, 3, 4),
    "seemore-l": (2, 3, 4),
    "gmin": (2, 3, 4),
    "gmin-l": (2, 3, 4),
}


@pytest.mark.parametrize(("name", "scale"), [(name, scale) for name, scales in SCALES.items() for scale in scales])
def test_a_name_means_that_model_at_every_scale_that_it_has(name: str, scale: int) -> None:
    service = official_catalogue().serve(name, scale)
    assert [(row.name, row.scale) for row in service.passes] == [(name, scale)]
    assert service.sentence is None


@pytest.mark.parametrize(
    ("name", "wanted", "run", "sentence"),
    [
        ("esc-real", 3, [4], "esc-real has x4 only; x3 is made by running x4 and reducing."),
        ("seemore-l", 2.5, [3], "seemore-l has x2, x3 and x4; x2.5 is made by running x3 and reducing."),
        ("esc-light", 8, [4, 2], "esc-light has x2, x3 and x4; x8 is made by running x4, then x2."),
    ],
)
def test_a_missing_scale_is_explained_and_made_from_larger_ones(
    name: str, wanted: float, run: list[int], sentence: str
) -> None:
    service = official_catalogue().serve(name, wanted)
    assert [row.scale for row in service.passes] == run
    assert service.sentence == sentence


def test_lte_needs_no_resampling_for_any_scale() -> None:
    service = official_catalogue().serve("esc-lte", 3.7)
    assert (service.passes[0].name, service.scale, service.sentence) == ("esc-lte", None, None)


@pytest.mark.parametrize("name", ["gmin", "gmin-l"])
def test_a_network_without_public_weights_says_so_and_how_to_get_some(name: str) -> None:
    row = official_catalogue().find(name, 4)
    assert row.availability == "none"
    with pytest.raises(ModelError, match=r"no public weights.*tools/train\.py"):
        load_model(name, 4)

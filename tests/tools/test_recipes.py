"""The recipes that come with the program, and that other networks than SPAN learn too."""

import tomllib
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors.torch import load_file, save_file

from tools.train import Recipe, Training
from upscaler.models.loading import load_model

RECIPES = sorted((Path(__file__).resolve().parents[2] / "tools" / "recipes").glob("*.toml"))


@pytest.mark.parametrize("file", RECIPES, ids=lambda f: f.stem)
def test_a_recipe_describes_a_network_of_the_scale_in_its_name(file: Path) -> None:
    training = Training(msgspec.convert(tomllib.loads(file.read_text()), Recipe))
    assert file.stem.endswith(f"-x{training.traits.scale}")


def test_gmin_learns_and_its_weights_are_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path))
    recipe = Recipe("gmin", {"scale": 2, "width": 16, "modules": 2}, 12, 2, steps=60, learning_rate=2e-3, seed=1)
    training = Training(recipe)
    low = torch.rand(2, 3, 12, 12)
    high = torch.nn.functional.interpolate(low, scale_factor=2, mode="bilinear")
    losses = [training.learn(low, high) for _ in range(60)]
    assert losses[-1] < 0.8 * losses[0]
    path = tmp_path / "mine.safetensors"
    save_file(training.weights(), path, {"architecture": recipe.architecture})
    model = load_model(path)
    assert (model.architecture, model.scale) == ("gmin", 2)
    assert all(torch.equal(model.network.state_dict()[key], value) for key, value in load_file(path).items())

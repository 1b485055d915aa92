"""The training loop learns, and a stopped run goes on as if it had not been stopped."""

import tomllib
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from tools.train import Recipe, Training, to_tensor
from tools.training_data import batch, gradient, leaves, lines, text
from upscaler.media.imresize import imresize
from upscaler.networks.run import parameters

RECIPE = Recipe(
    architecture="span",
    config={"scale": 2, "width": 8, "gathered": 8, "normalised": True},
    patch=16,
    batch=2,
    steps=20,
    learning_rate=1e-3,
    seed=3,
    gain=255,
    gain_layer="upsampler.0",
)


@pytest.fixture(scope="module")
def found():
    random = np.random.default_rng(0)
    originals = [drawer(random) for drawer in (text, lines, leaves, gradient)]
    return [(imresize(picture, 0.5), picture) for picture in originals]


def learn(training: Training, found, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        low, high = batch(found, 2, RECIPE.patch, RECIPE.batch, (RECIPE.seed, training.step))
        losses.append(training.learn(to_tensor(low), to_tensor(high)))
    return losses


def test_steps_on_one_batch_lower_its_loss(found) -> None:
    training = Training(RECIPE)
    low, high = (to_tensor(part) for part in batch(found, 2, RECIPE.patch, RECIPE.batch, (0, 0)))
    losses = [training.learn(low, high) for _ in range(15)]
    assert losses[-1] < losses[0]


def test_a_resumed_run_gives_the_same_weights(found, tmp_path: Path) -> None:
    whole = Training(RECIPE)
    learn(whole, found, 8)
    first = Training(RECIPE)
    learn(first, found, 5)
    first.save(tmp_path / "state.pt")
    second = Training(RECIPE)
    second.resume(tmp_path / "state.pt")
    learn(second, found, 3)
    assert all(torch.equal(second.weights()[key], value) for key, value in whole.weights().items())


def test_patches_show_the_same_place_at_both_sizes(found) -> None:
    low, high = batch(found, 2, 16, 8, (1, 2))
    assert low.shape == (8, 16, 16, 3)
    assert high.shape == (8, 32, 32, 3)
    means = high.reshape(8, 16, 2, 16, 2, 3).mean((2, 4))
    assert abs(means - low).mean() < 8


def test_the_recipes_keep_to_their_size() -> None:
    for file in Path("tools/recipes").glob("pocket-*.toml"):
        recipe = msgspec.convert(tomllib.loads(file.read_text()), Recipe)
        assert parameters(Training(recipe).network) <= 250_000

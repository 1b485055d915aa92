"""Weights made from their keys alone, for networks whose checkpoints are not at hand (``goldens/seeded/RECIPE.md``)."""

import zlib
from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tests.networks.official import Loaded, build, shapes
from tests.shared import SHARED
from upscaler.networks import recognise
from upscaler.networks.family import Shapes, State

Case = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


def seeded_state(layout: Shapes, *, buffers: Mapping[str, Tensor] | None = None) -> State:
    """The official state dict with these keys and shapes.

    ``buffers`` keep their values; those that end in ``running_var`` need not be given.
    """
    kept = dict(buffers or {})
    return {key: kept[key] if key in kept else seeded(key, shape) for key, shape in layout.items()} | kept


def seeded(key: str, shape: tuple[int, ...]) -> Tensor:
    """One tensor of such a state dict."""
    n = np.random.Generator(np.random.PCG64(zlib.crc32(key.encode()))).standard_normal(shape)
    if key.endswith("running_var"):
        n = 1 + 0.1 * np.abs(n)
    elif len(shape) >= 2:
        n = n / np.sqrt(np.prod(shape[1:]))
    elif len(shape) == 1 and key.rsplit(".", 1)[-1] == "weight":
        n = 1 + 0.1 * n
    else:
        n = 0.1 * n
    return torch.from_numpy(np.asarray(n, dtype=np.float32))


def seeded_cases(name: str) -> list[Case]:
    """Inputs and outputs of the authors' code with such weights, in the network's own value range."""
    golden = np.load(SHARED / "goldens" / "seeded" / f"{name}.npz")
    return [(golden[f"x{i}"], golden[f"y{i}"]) for i in range(9) if f"x{i}" in golden]


def load_seeded(state: State) -> Loaded:
    """The network with these weights; they must match exactly one architecture."""
    (family,) = recognise(shapes(state))
    return build(state, family)


def error_of(loaded: Loaded, cases: Collection[Case]) -> float:
    """The largest difference, as a part of the golden's largest value."""
    with torch.inference_mode():
        return max(float(abs(loaded.network(torch.from_numpy(x)).numpy() - y).max() / abs(y).max()) for x, y in cases)

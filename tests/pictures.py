"""Small pictures of every form, and a network that changes nothing, for tests of all that is around the network."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from upscaler.media.picture import Metadata, Picture, Pixels
from upscaler.media.writing import write_picture


def noise(height: int, width: int, channels: int = 3, dtype: str = "uint8", seed: int = 1) -> Pixels:
    """Random pixels over the whole range of the type."""
    values = np.random.default_rng(seed).random((height, width, channels), np.float32)
    if dtype == "float32":
        return values
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


def save(path: Path, pixels: Pixels | None = None, metadata: Metadata | None = None, **options: object) -> Path:
    """A picture file in the format of its ending; without pixels: 12x9 of noise that depends on the name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if pixels is None:
        pixels = noise(9, 12, seed=sum(path.name.encode()))
    write_picture(Picture(pixels, metadata or Metadata()), path, **options)  # type: ignore[arg-type]
    return path


def save_repeater(path: Path, scale: int) -> Path:
    """A real checkpoint (SPAN, four channels) whose network repeats every pixel ``scale`` times each way.

    At scale 1 nothing is changed at all, so that what is around the network can be held to exactness.
    """
    width = 4
    state: dict[str, torch.Tensor] = {"no_norm": torch.zeros(1)}

    def layer(name: str, inputs: int, outputs: int, kernel: int) -> torch.Tensor:
        state[f"{name}.bias"] = torch.zeros(outputs)
        weight = state[f"{name}.weight"] = torch.zeros(outputs, inputs, kernel, kernel)
        return weight

    shallow = layer("conv_1.eval_conv", 3, width, 3)
    for block in range(1, 7):
        for part in (1, 2, 3):
            layer(f"block_{block}.c{part}_r.eval_conv", width, width, 3)
    layer("conv_2.eval_conv", width, width, 3)
    gathered = layer("conv_cat", 4 * width, width, 1)
    out = layer("upsampler.0", width, 3 * scale**2, 3)
    for colour in range(3):
        shallow[colour, colour, 1, 1] = 1
        gathered[colour, colour, 0, 0] = 1
        out[colour * scale**2 : (colour + 1) * scale**2, colour, 1, 1] = 1
    save_file(state, path)
    return path

"""Train a network of ours: ``python tools/train.py tools/recipes/pocket-x4.toml --photos FOLDER --validation FOLDER``.

The run goes on from where it was stopped (``runs/NAME/state.pt``) and gives the same result as one that was not: what
step n sees depends on the seed and n alone.  At the end the weights lie in ``runs/NAME.safetensors``.
"""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import torch
import torch.nn.functional as F
import typer
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from tools.training_data import batch, pairs
from upscaler.media.metrics import compare
from upscaler.networks import family
from upscaler.networks.run import run_whole

SAVE_EVERY = 200
EMA = 0.998


@dataclass(frozen=True)
class Recipe:
    """All that decides the result."""

    architecture: str
    config: dict[str, Any]
    patch: int
    batch: int
    steps: int
    learning_rate: float
    seed: int
    gain: float = 1.0
    """The network is trained to give ``gain`` times the picture; at the end ``gain_layer`` is divided by it."""

    gain_layer: str = ""


class Training:
    """A network, its running mean and its optimiser at some step."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        found = family(recipe.architecture)
        self.config = msgspec.convert(recipe.config, found.read_config.__annotations__["return"])
        self.traits = found.traits(self.config)
        self.network = found.build(self.config).to(memory_format=torch.channels_last)
        start_as_nearest(self.network, self.traits.scale, recipe)
        self.mean = {key: value.clone() for key, value in self.network.state_dict().items()}
        self.optimiser = torch.optim.Adam(self.network.parameters(), recipe.learning_rate, betas=(0.9, 0.99))
        self.step = 0

    def learn(self, low: Tensor, high: Tensor) -> float:
        """One step on N,3,p,p and N,3,P,P in 0..1; gives the loss."""
        done = self.step / self.recipe.steps
        for group in self.optimiser.param_groups:
            warm = min(1.0, (self.step + 1) / 100)
            group["lr"] = self.recipe.learning_rate * warm * (0.5 * (1 + math.cos(math.pi * done)) + 1e-3)
        with torch.autocast("cpu", torch.bfloat16, enabled=_has_bf16()):
            loss = F.l1_loss(self.network(low) / self.recipe.gain, high)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        decay = min(EMA, self.step / (self.step + 10))
        for key, value in self.network.state_dict().items():
            self.mean[key].lerp_(value, 1 - decay)
        return loss.item()

    def weights(self) -> dict[str, Tensor]:
        """The running mean, with the gain folded away: the network as it ships."""
        layer = self.recipe.gain_layer
        return {
            key: (value / self.recipe.gain if layer and key.startswith(layer) else value).contiguous()
            for key, value in self.mean.items()
        }

    def save(self, file: Path) -> None:
        state = {"step": self.step, "mean": self.mean}
        state |= {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        torch.save(state, part := file.with_suffix(".part"))
        part.replace(file)

    def resume(self, file: Path) -> None:
        state = torch.load(file, weights_only=True)
        self.step, self.mean = state["step"], state["mean"]
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])

    def psnr(self, folder: Path) -> float:
        """Mean PSNR-Y over the pictures of a folder with ``HR`` and ``LRxS``."""
        network = family(self.recipe.architecture).build(self.config).eval()
        network.load_state_dict(self.weights())
        scale = int(self.traits.scale)
        figures = []
        for path in sorted((folder / f"LRx{scale}").iterdir()):
            low = torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy()).permute(2, 0, 1)[None] / 255
            with torch.inference_mode():
                result = run_whole(network, self.traits, low)[0].clamp(0, 1).mul(255).round().byte()
            ours = result.permute(1, 2, 0).numpy()
            truth = np.asarray(Image.open(folder / "HR" / path.name).convert("RGB"))[: ours.shape[0], : ours.shape[1]]
            figures.append(compare(ours, truth, scale).psnr_y)
        return float(np.mean(figures))


def start_as_nearest(network: nn.Module, scale: float, recipe: Recipe) -> None:
    """Let a SPAN begin as nearest-neighbour enlargement, which saves the steps in which it would learn just that."""
    if recipe.architecture != "span":
        return
    first, gather, last = (network.get_submodule(name) for name in ("conv_1", "conv_cat", "upsampler.0"))
    subpixels = int(scale) ** 2
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.zero_()
        for colour, mean in enumerate((0.4488, 0.4371, 0.4040)):
            for layer, channel in ((first, colour), (gather, colour)):
                layer.weight[channel] = 0
                layer.bias[channel] = 0
                layer.weight[channel, colour, layer.weight.shape[2] // 2, layer.weight.shape[3] // 2] = 1
            outputs = slice(colour * subpixels, (colour + 1) * subpixels)
            last.weight[outputs, colour, 1, 1] += recipe.gain / 255
            last.bias[outputs] += recipe.gain * mean


def _has_bf16() -> bool:
    return bool(torch.cpu._is_avx512_bf16_supported())


def to_tensor(pictures: np.ndarray[Any, np.dtype[np.uint8]]) -> Tensor:
    """N,H,W,3 in 0..255 -> N,3,H,W in 0..1, channels last."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def main(
    recipe_file: Path,
    photos: Annotated[Path, typer.Option(help="Folder of training photos.")],
    validation: Annotated[Path, typer.Option(help="Folder with HR and LRx2, LRx3, LRx4 (never trained on).")],
    runs: Annotated[Path, typer.Option(help="Where states and results go.")] = Path("runs"),
) -> None:
    """Train to the recipe's end, or go on from where an earlier run was stopped."""
    recipe = msgspec.convert(tomllib.loads(recipe_file.read_text()), Recipe)
    training = Training(recipe)
    state = runs / recipe_file.stem / "state.pt"
    state.parent.mkdir(parents=True, exist_ok=True)
    if state.exists():
        training.resume(state)
    scale = int(training.traits.scale)
    found = pairs(photos, scale, recipe.seed)
    while training.step < recipe.steps:
        low, high = batch(found, scale, recipe.patch, recipe.batch, (recipe.seed, training.step))
        loss = training.learn(to_tensor(low), to_tensor(high))
        if training.step % SAVE_EVERY == 0 or training.step == recipe.steps:
            training.save(state)
            print(f"step {training.step}: L1 {loss:.4f}, validation {training.psnr(validation):.3f} dB", flush=True)
    save_file(training.weights(), runs / f"{recipe_file.stem}.safetensors", {"architecture": recipe.architecture})


if __name__ == "__main__":
    typer.run(main)

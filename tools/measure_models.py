"""What each model is worth and how well it takes tiles and half precision, into ``docs/measured.json``.

    python -m tools.measure_models WEIGHTS SAMPLES [--only NAME ...] [--seeded] [--again]

WEIGHTS is a folder of official checkpoints with their INDEX.json files; SAMPLES has ``set5`` and ``kodak``.
``--seeded`` adds the networks whose weights are not at hand, with weights made from their keys: what they say of tiles
and precision is about the architecture, so no quality is measured.  Cheap models come first.  The file is written after
every figure of a model; what it knows of the same weights, tiled the same way, is not measured again.  Tiles come last.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from upscaler.engine import Upscaler
from upscaler.engine.tiles import Span, tile_grid
from upscaler.errors import UpscalerError
from upscaler.media.metrics import compare
from upscaler.models.loading import load_model
from upscaler.models.model import Model
from upscaler.networks.blocks import GlobalStatistic
from upscaler.networks.family import Traits
from upscaler.networks.precision import lower
from upscaler.networks.run import run_whole

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "docs" / "measured.json"

PHOTO = "kodak/kodim19.png"

SIDE = 512
"""Of the photo that is cut into tiles."""

TILE = 256
SMALL = 160
"""Of the photo that tells what half precision costs."""

AFFORDABLE = 3e10
"""Exact tiles take a pass for each statistic: left out above this many passes times multiply-adds at 256x256."""

METHOD = 1
"""Raise it when figures are taken in another way, so that all are taken again."""

Pixels = npt.NDArray[Any]


@dataclass(frozen=True)
class Subject:
    """One model to be measured."""

    name: str
    scale: int | str
    """``any`` for weights that serve every scale."""

    official: bool
    cost: float
    """Multiply-adds for 256x256, as the index has them."""

    load: Callable[[], Model]


def official(weights: Path) -> Iterator[Subject]:
    """Every checkpoint that the INDEX.json files name and that is there."""
    for index in sorted(weights.glob("*/INDEX.json")):
        for row in json.loads(index.read_text()):
            name = row["checkpoint"] if "checkpoint" in row else row["files"][0]["file"]
            path = index.parent / name
            if path.is_file() and path.with_suffix(".bin" if path.suffix == ".param" else path.suffix).is_file():
                cost = row.get("multiply_adds_256") or row.get("macs_256") or 0
                yield Subject(
                    row["name"],
                    row["scale"],
                    official=True,
                    cost=cost["total"] if isinstance(cost, dict) else cost,
                    load=partial(load_model, path),
                )


def embedded() -> Iterator[Subject]:
    """The models that travel with the program."""
    for path in sorted((ROOT / "upscaler" / "models" / "data").glob("*.safetensors")):
        name, _, scale = path.stem.rpartition("-x")
        yield Subject(name, int(scale), official=True, cost=0, load=partial(load_model, path))


def seeded() -> Iterator[Subject]:
    """The networks that are asked for by name and whose weights are not at hand."""
    from tests.networks.named import NAMED, load

    for named in NAMED:
        name, _, scale = named.golden.rpartition("-")
        if scale not in ("x4", "s2"):
            continue

        def model(named: Any = named, name: str = name) -> Model:
            loaded = load(named)
            return Model(name, named.architecture, loaded.network, loaded.traits, "seeded")

        cost = named.facts["multiply_adds_256_g"]
        yield Subject(
            name,
            int(scale[1:]) if scale[0] == "x" else "any",
            official=False,
            cost=1e9 * (max(cost) if isinstance(cost, list) else cost),
            load=model,
        )


def worth(subject: Subject, model: Model, samples: Path) -> dict[str, Any]:
    """Quality, half precision, and what the network makes of pictures that are no photos."""
    network, traits = model.network, model.traits
    half = lower(network, traits, torch.bfloat16)
    part = crop(samples / PHOTO, SMALL)
    found: dict[str, Any] = {
        "bf16": {"photo_psnr_db": psnr(run(network, traits, part), run(half, traits, part))},
        "off_distribution": {name: largest(network, traits, picture) for name, picture in patterns().items()},
    }
    if subject.official:
        found["set5"] = set5(network, traits, samples / "set5")
        found["bf16"]["set5_loss_db"] = found["set5"]["psnr_y"] - set5(half, traits, samples / "set5")["psnr_y"]
    return found


def tiling(subject: Subject, model: Model, samples: Path) -> dict[str, Any]:
    """How far tiles are from the whole picture; nothing where the photo is one tile of such a network."""
    if len(tile_grid(SIDE, SIDE, model.traits, TILE)) == 1:
        return {}
    photo = crop(samples / PHOTO, SIDE)
    whole = enlarged(model, photo, tile=0)
    found = {"tiles": difference(enlarged(model, photo, tile=TILE), whole, model)}
    passes = sum(isinstance(module, GlobalStatistic) for module in model.network.modules())
    if model.traits.global_statistics and passes * subject.cost < AFFORDABLE:
        found["exact_tiles"] = difference(enlarged(model, photo, tile=TILE, exact=True), whole, model)
    return found


PARTS = {"bf16": worth, "tiles": tiling}
"""A figure that shows that a part has been measured, and what measures it."""


def key(subject: Subject, model: Model) -> dict[str, Any]:
    """What must be the same for a row to be kept."""
    return {
        "name": subject.name,
        "scale": subject.scale,
        "method": METHOD,
        "weights": model.sha256,
        "halo": model.traits.halo,
        "grid": model.traits.grid,
    }


def crop(path: Path, side: int) -> npt.NDArray[np.float32]:
    """The middle of a picture: side,side,3 in 0..1."""
    pixels = read(path)
    top, left = (pixels.shape[0] - side) // 2, (pixels.shape[1] - side) // 2
    return pixels[top : top + side, left : left + side].astype(np.float32) / np.float32(255)


def read(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def tensor(pixels: npt.NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def run(network: nn.Module, traits: Traits, picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """H,W,3 in 0..1 -> enlarged, not clipped, without the engine."""
    with torch.inference_mode():
        result: npt.NDArray[np.float32] = run_whole(network, traits, tensor(picture))[0].permute(1, 2, 0).numpy()
    return result


def set5(network: nn.Module, traits: Traits, folder: Path) -> dict[str, float]:
    """Means of the five pictures, in the papers' convention (``media.metrics``)."""
    scale, found = round(traits.scale), []
    for path in sorted((folder / f"LRx{scale}").glob("*.png")):
        result = run(network, traits, read(path).astype(np.float32) / np.float32(255))
        ours = (result * 255).round().clip(0, 255).astype(np.uint8)
        truth = read(folder / "HR" / path.name)[: ours.shape[0], : ours.shape[1]]
        found.append(compare(ours, truth, scale, ssim=True))
    return {
        "psnr_y": fmean(q.psnr_y for q in found),
        "ssim_y": fmean(q.ssim_y or 0.0 for q in found),
        "psnr_rgb": fmean(q.psnr_rgb for q in found),
    }


def psnr(a: Pixels, b: Pixels) -> float:
    """Of pictures in 0..1, clipped, in dB; 200 where nothing differs."""
    error = float(np.mean((a.clip(0, 1).astype(np.float64) - b.clip(0, 1)) ** 2))
    return -10 * float(np.log10(max(error, 1e-20)))


def patterns() -> dict[str, npt.NDArray[np.float32]]:
    """Pictures that no training set has, 64x64, full contrast."""
    y, x = np.mgrid[:64, :64]
    checkerboard = np.repeat(((x + y) % 2)[..., None], 3, 2).astype(np.float32)
    noise = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    return {"checkerboard": checkerboard, "noise": noise}


def largest(network: nn.Module, traits: Traits, picture: npt.NDArray[np.float32]) -> float:
    """The largest output, as a multiple of white."""
    return float(abs(run(network, traits, picture)).max())


def enlarged(model: Model, photo: Pixels, *, tile: int, exact: bool = False) -> Pixels:
    return Upscaler(model, device="cpu", precision="fp32", tile=tile, exact=exact, memory=12 << 30).upscale(photo)


def difference(tiled: Pixels, whole: Pixels, model: Model) -> dict[str, float]:
    """How far tiles are from the whole picture, relative to the largest value of either white or the whole picture.

    ``seam``: how much steeper the picture is across the tiles' borders than elsewhere, compared with the whole picture;
    1 means that no border shows.
    """
    unit = max(1.0, float(abs(whole).max()))
    grid = tile_grid(SIDE, SIDE, model.traits, TILE)
    return {
        "max": float(abs(tiled - whole).max()) / unit,
        "psnr_db": psnr(tiled / unit, whole / unit),
        "seam": fmean(
            steepness(tiled, axis, spans, model.scale) / steepness(whole, axis, spans, model.scale)
            for axis, spans in enumerate((grid.rows, grid.columns))
        ),
    }


def steepness(pixels: Pixels, axis: int, spans: tuple[Span, ...], scale: float) -> float:
    """Mean step across the borders between spans, by the mean step elsewhere."""
    steps = abs(np.diff(pixels.astype(np.float64), axis=axis)).mean((1 - axis, 2))
    borders = np.zeros(len(steps), bool)
    for before, after in pairwise(spans):
        borders[round((before.stop + after.start) / 2 * scale) - 1] = True
    return float(steps[borders].mean() / steps[~borders].mean())


def rounded(value: Any) -> Any:
    """Floats to four significant digits, or two decimals if they are large."""
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    if isinstance(value, float):
        return round(value, 4) if abs(value) >= 0.1 else float(f"{value:.2e}")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--seeded", action="store_true")
    parser.add_argument("--again", action="store_true", help="also what is already known")
    chosen = parser.parse_args()
    found = (*embedded(), *official(chosen.weights), *(seeded() if chosen.seeded else ()))
    subjects = sorted(found, key=lambda s: s.cost)
    for sign, part in PARTS.items():
        for subject in subjects:
            if chosen.only and subject.name not in chosen.only:
                continue
            try:
                model = subject.load()
                row = current(subject, model)
                if sign in row and not chosen.again:
                    continue
                row |= rounded(part(subject, model, chosen.samples))
            except UpscalerError as error:
                print(f"{subject.name} x{subject.scale}: left out: {error}", flush=True)
                continue
            rows = known() | {place(subject): row}
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps([rows[name] for name in sorted(rows)], indent=1) + "\n")
            print(json.dumps(row), flush=True)


def current(subject: Subject, model: Model) -> dict[str, Any]:
    """What is known of these weights, tiled and measured as they would be now."""
    found = known().get(place(subject), {})
    now = key(subject, model)
    return found if now.items() <= found.items() else now


def place(subject: Subject) -> tuple[str, str]:
    return subject.name, str(subject.scale)


def known() -> dict[tuple[str, str], dict[str, Any]]:
    """What has been measured so far."""
    rows = json.loads(RESULT.read_text()) if RESULT.is_file() else []
    return {(row["name"], str(row["scale"])): row for row in rows}


if __name__ == "__main__":
    main()

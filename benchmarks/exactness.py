"""Tiled against whole, fp32, for every model whose weights can be had: ``docs/exactness.md``.

    python -m benchmarks.exactness --picture photo.png > docs/exactness.md

Networks that look at the whole picture stand twice: blended, and with ``--exact``.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from upscaler.engine import Upscaler, allocator
from upscaler.engine.pixels import WHITE, Pixels
from upscaler.engine.verify import seam
from upscaler.errors import UpscalerError
from upscaler.media.still import read_picture
from upscaler.models.catalogue import catalogue
from upscaler.models.loading import load_model
from upscaler.models.model import Model
from upscaler.networks.run import out_edge


@dataclass(frozen=True)
class Line:
    model: Model
    how: str
    tiles: int
    largest: float
    psnr: float
    seam: float


def compare(model: Model, picture: Pixels, tile: int, whole: Pixels, *, exact: bool) -> Line:
    upscaler = Upscaler(model, device="cpu", precision="fp32", tile=tile, exact=exact, executor="torch")
    tiled = upscaler.upscale(picture)
    grid = upscaler.grid_for(*picture.shape[:2])
    borders = [
        [out_edge((a.stop + b.start) // 2, model.scale) for a, b in pairwise(axis)]
        for axis in (grid.rows, grid.columns)
    ]
    difference = (tiled - whole).astype(np.float64)
    error = float(np.square(difference).mean())
    traits = model.traits
    how = "blended"
    if traits.exact_tiles and (exact or not traits.global_statistics):
        how = "exact, in passes" if traits.global_statistics else "exact"
    return Line(
        model,
        how,
        len(grid),
        float(abs(difference).max()),
        float("inf") if error == 0 else float(-10 * np.log10(error)),
        seam(tiled, *borders) / max(seam(whole, *borders), 1e-12),
    )


def lines(names: list[tuple[str, float]], picture: Pixels, tile: int) -> Iterator[Line]:
    for name, scale in names:
        try:
            model = load_model(name, scale)
        except UpscalerError as error:
            print(f"{name}: {error}", file=sys.stderr)
            continue
        whole = Upscaler(model, device="cpu", precision="fp32", tile=0, executor="torch").upscale(picture)
        yield compare(model, picture, tile, whole, exact=False)
        if model.traits.global_statistics and model.traits.exact_tiles:
            yield compare(model, picture, tile, whole, exact=True)


def main() -> None:
    """The table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", help="names; without any, all of the catalogue at x4 or their own scale")
    parser.add_argument("--picture", type=Path, required=True)
    parser.add_argument("--side", type=int, default=288, help="of the part that is used")
    parser.add_argument("--tile", type=int, default=64, help="what a tile keeps, in input pixels")
    arguments = parser.parse_args()
    allocator.keep()
    pixels = read_picture(arguments.picture).pixels[: arguments.side, : arguments.side, :3]
    picture = pixels.astype(np.float32) / WHITE[pixels.dtype]
    names = [(name, 4.0) for name in arguments.models or catalogue().names]
    height, width = picture.shape[:2]
    print(HEAD.format(width=width, height=height, tile=arguments.tile))
    for line in lines(names, picture, arguments.tile):
        traits = line.model.traits
        print(
            f"| {line.model.name} | {line.model.scale:g} | {traits.halo} | {traits.grid} | {line.how} | {line.tiles} | "
            f"{line.largest:.1e} | {line.psnr:.0f} | {line.seam:.3f} |",
            flush=True,
        )


HEAD = """# Tiles against the whole picture

One photograph of {width} × {height} pixels, float32 throughout, on the CPU; tiles that keep {tile} pixels a side, or
the grid where that is more. Difference: the largest, of a range of 1 (sums in another order differ by some 1e-6).
Seam: how steep the picture is across tile borders compared with elsewhere, divided by the same of the whole picture;
1.000 means that no border shows. *Exact, in passes* is `--exact`: values of the whole picture are gathered first. A
picture that fits into memory is computed without tiles in any case. Computed by torch; with our own kernels exact tiles
differ from the whole by up to some 1e-6 where this table has 0 ([why](benchmarks.md)).

Made by `python -m benchmarks.exactness --picture PHOTO`; `upscale --verify-tiles` does the same for a part of your own.

| model | scale | halo | grid | tiles | number | difference | dB | seam |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |"""

if __name__ == "__main__":
    main()

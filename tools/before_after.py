"""The README's picture: a part of an example enlarged plainly and by the program, side by side.

python -m tools.before_after examples/colosseum.png 170 60 MODEL docs/pictures/before_after.png
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from upscaler import Upscaler, load_model

WIDTH, HEIGHT, SCALE = 110, 120, 4


def main(picture: str, left: str, top: str, model: str, output: str) -> None:
    """Cut ``WIDTH`` x ``HEIGHT`` pixels out and enlarge them twice: bicubic at the left, ``model`` at the right."""
    x, y = int(left), int(top)
    whole = Image.open(picture).convert("RGB")
    cut = whole.crop((x, y, x + WIDTH, y + HEIGHT))
    plain = cut.resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.BICUBIC)
    enlarged = Upscaler(load_model(model, SCALE)).upscale(np.array(whole))
    ours = enlarged[y * SCALE : (y + HEIGHT) * SCALE, x * SCALE : (x + WIDTH) * SCALE]
    gap = np.full((HEIGHT * SCALE, 6, 3), 255, np.uint8)
    Image.fromarray(np.concatenate((np.asarray(plain), gap, ours), 1)).save(Path(output), optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

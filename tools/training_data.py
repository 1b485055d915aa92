"""Patches to train on: photos, and pictures drawn on the fly of what photos lack (text, lines, leaves, gradients)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from upscaler.media.imresize import imresize, mod_crop

Picture8 = npt.NDArray[np.uint8]
Pair = tuple[Picture8, Picture8]
"""A low-resolution picture and its original."""

DRAWN = 48
"""Drawn pictures beside the photos."""


def pairs(photos: Path, scale: int, seed: int) -> list[Pair]:
    """All photos of a folder and ``DRAWN`` drawn pictures, reduced as the benchmarks do it."""
    random = np.random.default_rng(seed)
    originals = [np.asarray(Image.open(path).convert("RGB")) for path in sorted(photos.iterdir())]
    originals += [draw(random) for draw, _ in zip(_drawers(), range(DRAWN), strict=False)]
    cropped = [mod_crop(picture, scale) for picture in originals]
    return [(imresize(picture, 1 / scale), picture) for picture in cropped]


def batch(found: list[Pair], scale: int, patch: int, count: int, seed: tuple[int, int]) -> tuple[Picture8, Picture8]:
    """``count`` random patches, turned and mirrored: N,p,p,3 and N,p*scale,p*scale,3.  Same seed, same patches."""
    random = np.random.default_rng(seed)
    weights = np.array([low.shape[0] * low.shape[1] for low, _ in found], float)
    lows, highs = [], []
    for number in random.choice(len(found), count, p=weights / weights.sum()):
        low, high = found[number]
        top, left = (int(random.integers(side - patch + 1)) for side in low.shape[:2])
        turn, mirror = int(random.integers(4)), bool(random.integers(2))
        for picture, factor, into in ((low, 1, lows), (high, scale, highs)):
            cut = picture[top * factor : (top + patch) * factor, left * factor : (left + patch) * factor]
            turned = np.rot90(cut, turn)
            into.append(turned[:, ::-1] if mirror else turned)
    return np.stack(lows), np.stack(highs)


def _drawers() -> Iterator["Drawer"]:
    while True:
        yield from (text, lines, leaves, gradient)


def _canvas(random: np.random.Generator, side: int = 480) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    # Drawn at twice the size and reduced, so that edges are antialiased as a camera's are.
    image = Image.new("RGB", (2 * side, 2 * side), _colour(random))
    return image, ImageDraw.Draw(image)


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue


def _reduced(image: Image.Image) -> Picture8:
    return np.asarray(image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS))


def text(random: np.random.Generator) -> Picture8:
    """Lines of random letters in many sizes."""
    image, draw = _canvas(random)
    top = 0
    while top < image.height:
        size = int(random.integers(14, 90))
        letters = "".join(chr(c) for c in random.integers(33, 127, 80))
        draw.text((-int(random.integers(40)), top), letters, _colour(random), ImageFont.load_default(size))
        top += int(size * 1.2)
    return _reduced(image)


def lines(random: np.random.Generator) -> Picture8:
    """Lines, boxes and circles of all widths, as in drawings and layouts."""
    image, draw = _canvas(random)
    for _ in range(150):
        x0, y0, x1, y1 = (int(value) for value in random.integers(0, image.width, 4))
        width = int(random.integers(1, 9))
        match int(random.integers(3)):
            case 0:
                draw.line((x0, y0, x1, y1), _colour(random), width)
            case 1:
                draw.rectangle((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), None, _colour(random), width)
            case _:
                radius = int(random.integers(4, 200))
                draw.ellipse((x0 - radius, y0 - radius, x0 + radius, y0 + radius), None, _colour(random), width)
    return _reduced(image)


def leaves(random: np.random.Generator) -> Picture8:
    """Dead leaves: discs over discs, their radii distributed as 1/r^3, which gives the spectrum of natural pictures."""
    image, draw = _canvas(random)
    radii = 6 / np.sqrt(1 - random.random(4000) * (1 - (6 / 300) ** 2))
    for radius in radii:
        x, y = random.integers(0, image.width, 2)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), _colour(random))
    return _reduced(image)


def gradient(random: np.random.Generator) -> Picture8:
    """A smooth ramp between two colours, crossed by a wave."""
    side = np.linspace(-1, 1, 480)
    angle, waves = random.random() * 2 * np.pi, random.random() * 20
    ramp = np.cos(angle) * side[:, None] + np.sin(angle) * side
    mix = ((ramp + 1.5) / 3 + 0.1 * np.sin(waves * ramp))[..., None].clip(0, 1)
    first, second = (np.array(_colour(random)) for _ in range(2))
    return np.round(mix * first + (1 - mix) * second).astype(np.uint8)


Drawer = type(text)

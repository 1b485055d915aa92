"""ESC with LTE: any scale from 1 to 30 with one set of weights.

Special: an output pixel's colour is what a small network makes of the waves that its four nearest input pixels name.
Source:  Lee et al., "Emulating Self-attention with Convolution for Efficient Image Super-Resolution", ICCV 2025
         (arXiv 2503.06671), section 6.2; Lee and Jin, "Local Texture Estimator for Implicit Representation Function",
         CVPR 2022 (arXiv 2111.08918).
Reach:   ESC's, and three pixels for the head, whose coordinates are those of the whole picture.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from upscaler.networks import esc
from upscaler.networks.blocks import Linear, conv3x3
from upscaler.networks.esc import Encoder, EscConfig, read_trunk
from upscaler.networks.family import Family, Shapes, Traits, has
from upscaler.networks.run import out_edge

TRAINED_SCALE = 4.0
"""The largest scale in training: the cell's size is held there beyond it."""

PIXELS_AT_ONCE = 30_000


@dataclass(frozen=True, slots=True)
class EscLteConfig:
    scale: float
    """Not in any file: 4 unless asked for otherwise."""

    encoder: EscConfig
    hidden: int


@dataclass(frozen=True, slots=True)
class Axis:
    """Where the output rows (or columns) of a tile lie among its input rows; everything about places is separable."""

    nearest: tuple[Tensor, Tensor]
    """For the sample before and the one after: the tile's input row that it takes, one for each output row."""

    distance: tuple[Tensor, Tensor]
    """From that row's centre to the output row's, in halves of input rows, float32."""

    between: tuple[Tensor, Tensor, Tensor]
    """Of bilinear enlargement: the two input rows, and the weight of the second."""


class Colours(nn.Module):
    """256 values of a pixel to its three colours; keys ``layers.0``, ``2``, ``4``, ``6``."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        inner = [part for _ in range(3) for part in (Linear(hidden, hidden), nn.ReLU())]
        self.layers = nn.Sequential(*inner, Linear(hidden, 3))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return y


class EscLte(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale (``run.out_edge``), not clipped.

    All tiles of a batch give results of one size, that of the largest: with a fractional scale some end in a row or
    column more than theirs.
    """

    def __init__(self, config: EscLteConfig) -> None:
        super().__init__()
        width = config.encoder.width
        self.scale = config.scale
        self.encoder = Encoder(config.encoder)
        self.coef = conv3x3(width, config.hidden)
        self.freq = conv3x3(width, config.hidden)
        self.phase = Linear(2, config.hidden // 2, bias=False)
        self.imnet = Colours(config.hidden)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        n, height, width = x.shape[0], x.shape[2], x.shape[3]
        features = self.encoder(2 * x - 1)
        # Channels last: then one pixel's values are gathered as one piece.
        amplitudes, waves = (layer(features).permute(0, 2, 3, 1) for layer in (self.coef, self.freq))
        places = [[0, 0, height, width]] * n if window is None else window.tolist()
        rows, columns = self._outputs(places, 0, height), self._outputs(places, 1, width)
        pictures = []
        for i, (top, left, image_height, image_width) in enumerate(places):
            down = place(top, height, image_height, rows, self.scale, x.device)
            across = place(left, width, image_width, columns, self.scale, x.device)
            phase = self._phase((image_height, image_width), x.device)
            strips = [
                self._strip(amplitudes[i], waves[i], phase, strip, across)
                for strip in strips_of(down, max(PIXELS_AT_ONCE // columns, 1))
            ]
            # The colours are in -1..1 around the enlarged picture: half of them is what is missing in 0..1.
            pictures.append(torch.cat(strips).permute(2, 0, 1).float() / 2 + enlarge(x[i], down, across))
        return torch.stack(pictures)

    def _outputs(self, places: list[list[int]], axis: int, length: int) -> int:
        starts = [where[axis] for where in places]
        return max(out_edge(start + length, self.scale) - out_edge(start, self.scale) for start in starts)

    def _phase(self, size: tuple[int, int], device: torch.device) -> Tensor:
        """The same for every pixel: from the size of an output pixel, in input pixels."""
        outputs = [out_edge(length, self.scale) for length in size]
        held = max(outputs[0] / size[0] / TRAINED_SCALE, 1)
        cell = [2 / total * held * length for total, length in zip(outputs, size, strict=True)]
        y: Tensor = self.phase(torch.tensor(cell, device=device))
        return y

    def _strip(self, amplitudes: Tensor, waves: Tensor, phase: Tensor, down: Axis, across: Axis) -> Tensor:
        """Rows,columns,3 from h,w,256: the four samples of each pixel, weighed by the area that lies opposite."""
        result, total = torch.zeros(()), torch.zeros(())
        for y in (0, 1):
            for x in (0, 1):
                rows, columns = down.nearest[y][:, None], across.nearest[x][None]
                wave = waves[rows, columns].float()
                angle = wave[..., ::2] * down.distance[y][:, None, None]
                angle = angle + wave[..., 1::2] * across.distance[x][:, None]
                turned = math.pi * (angle + phase.float())
                colours = self.imnet(amplitudes[rows, columns] * torch.cat((turned.cos(), turned.sin()), 2)).float()
                area = (down.distance[1 - y][:, None] * across.distance[1 - x]).abs()[..., None] + 1e-9
                result, total = colours * area + result, area + total
        return result / total


def place(start: int, length: int, image: int, outputs: int, scale: float, device: torch.device) -> Axis:
    """Where ``outputs`` output rows lie that begin with input row ``start`` of a picture of ``image`` rows."""
    total, first = out_edge(image, scale), out_edge(start, scale)
    i = torch.arange(first, first + outputs)
    # Centres in float32 as the authors have them: where two weights are both almost zero, their rounding decides.
    mine, nearest, distance = centres(i, total), [], []
    for shift in (-1, 1):
        index = torch.div((2 * i + 1) * image + shift * total, 2 * total, rounding_mode="floor").clamp(0, image - 1)
        nearest.append((index - start).clamp(0, length - 1))
        distance.append((mine - centres(index, image)) * image)
    exact = ((i + 0.5).double() * (image / total) - 0.5).clamp(0, image - 1)
    lower = exact.floor().long()
    below, above = ((row - start).clamp(0, length - 1) for row in (lower, (lower + 1).clamp(max=image - 1)))
    a, b, c, d, e, f, g = (x.to(device) for x in (*nearest, *distance, below, above, (exact - lower).float()))
    return Axis((a, b), (c, d), (e, f, g))


def centres(index: Tensor, total: int) -> Tensor:
    """Of pixels in -1..1, float32."""
    return (-1 + 1 / total) + (2 / total) * index.float()


def strips_of(axis: Axis, rows: int) -> list[Axis]:
    """The same in pieces of ``rows`` output rows."""
    parts = [torch.split(part, rows) for part in (*axis.nearest, *axis.distance, *axis.between)]
    return [Axis((a, b), (c, d), (e, f, g)) for a, b, c, d, e, f, g in zip(*parts, strict=True)]


def enlarge(picture: Tensor, down: Axis, across: Axis) -> Tensor:
    """3,H,W at the places of the outputs, bilinear, the edge repeated."""
    above, below, weight = down.between
    tall = torch.lerp(picture[:, above], picture[:, below], weight[:, None])
    left, right, weight = across.between
    return torch.lerp(tall[:, :, left], tall[:, :, right], weight)


def read_config(shapes: Shapes) -> EscLteConfig:
    encoder = read_trunk(shapes, "encoder.", "dwc_proj", scale=1)
    return EscLteConfig(scale=4.0, encoder=encoder, hidden=shapes["freq.weight"][0])


def at_scale(config: EscLteConfig, scale: float) -> EscLteConfig:
    return replace(config, scale=scale)


def traits(config: EscLteConfig) -> Traits:
    return replace(
        esc.traits(config.encoder),
        scale=config.scale,
        # More than ESC's: the waves turn small differences of the features into large ones.
        halo=4 * config.encoder.side,
        multiple=1,
        precise=("encoder.proj", "encoder.last", "freq", "phase"),
    )


FAMILIES = (
    Family(
        name="esc-lte",
        recognises=has("encoder.plk_filter", "freq.weight", "phase.weight", "imnet.layers.0.weight"),
        read_config=read_config,
        build=EscLte,
        traits=traits,
        convert=esc.convert,
        any_scale=at_scale,
    ),
)

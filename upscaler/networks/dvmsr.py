"""DVMSR: the picture read as one sequence of pixels by state-space blocks (vision Mamba).

Special: one forward scan in raster order, no attention, no residual around a mixer; only whole groups are skipped.
Source:  Lei et al., "DVMSR: Distillated Vision Mamba for Efficient Super-Resolution", 2024 (arXiv 2405.03008);
         NTIRE 2024 report, team BlingBling.  The mixer: Gu and Dao, "Mamba", 2023, section 3.4.
Reach:   every pixel sees all that come before it, though little of what is more than a few dozen rows above.  A tile
         cannot know them, so tiles are blended.
"""

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks import swinir
from upscaler.networks.blocks import Conv, Linear, TokenNorm
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.scan import SelectiveScan
from upscaler.networks.swinir import PRECISE, Frame, Group


@dataclass(frozen=True, slots=True)
class DvmsrConfig:
    scale: int
    width: int
    inner: int
    """Channels inside a mixer."""

    states: int
    rank: int
    """Of the map from an inner token to its step."""

    taps: int
    groups: int
    blocks: int
    """In each group."""


class Mixer(nn.Module):
    """Tokens N,L,C -> N,L,C: a causal convolution, a selective scan, a gate."""

    def __init__(self, config: DvmsrConfig) -> None:
        super().__init__()
        c = config
        self.in_proj = Linear(c.width, 2 * c.inner, bias=False)
        self.conv1d = Conv(c.inner, c.inner, (c.taps, 1), padding=(c.taps - 1, 0), groups=c.inner)
        self.scan = SelectiveScan(c.inner, c.states, c.rank)
        self.out_proj = Linear(c.inner, c.width, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        length = tokens.shape[1]
        x, gate = self.in_proj(tokens).chunk(2, -1)
        # The sequence as a picture one pixel wide; what is padded at its end is cut off, so only the past is seen.
        seen = self.conv1d(x.transpose(1, 2).unsqueeze(3))[:, :, :length, 0].transpose(1, 2)
        y: Tensor = self.out_proj(self.scan(F.silu(seen)) * F.silu(gate))
        return y


class Block(nn.Module):
    def __init__(self, config: DvmsrConfig) -> None:
        super().__init__()
        self.norm = TokenNorm(config.width)
        self.mixer = Mixer(config)

    def forward(self, x: Tensor) -> Tensor:
        """N,H,W,C -> N,H,W,C, read row by row."""
        y: Tensor = self.mixer(self.norm(x).flatten(1, 2))
        return y.view_as(x)


def build(config: DvmsrConfig) -> Frame:
    c = config
    return Frame(c.width, c.scale, (Group(c.width, [Block(c) for _ in range(c.blocks)]) for _ in range(c.groups)))


RULES: tuple[Rule, ...] = (
    *swinir.RULES,
    (r"^norm_f\.", "norm."),
    (r"\.mixer\.(x_proj|dt_proj|A_log|D)\b", r".mixer.scan.\1"),
)


def read_config(shapes: Shapes) -> DvmsrConfig:
    shapes = renamed(shapes, *RULES)
    inner, states = shapes["layers.0.blocks.0.mixer.scan.A_log"]
    return DvmsrConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        width=shapes["conv_first.weight"][0],
        inner=inner,
        states=states,
        rank=shapes["layers.0.blocks.0.mixer.scan.dt_proj.weight"][1],
        taps=shapes["layers.0.blocks.0.mixer.conv1d.weight"][2],
        groups=count(shapes, r"layers\.\d+\.conv\.weight"),
        blocks=count(shapes, r"layers\.0\.blocks\.\d+\.norm\.weight"),
    )


def convert(state: State, _config: DvmsrConfig) -> State:
    """What belongs to the scan under its name; the convolution along the sequence as one over a picture."""
    result = renamed(state, *RULES)
    return {k: v.unsqueeze(3) if k.endswith(".conv1d.weight") and v.dim() == 3 else v for k, v in result.items()}


def traits(config: DvmsrConfig) -> Traits:
    scans = (f"layers.{i}.blocks.{j}.mixer.scan" for i in range(config.groups) for j in range(config.blocks))
    return Traits(scale=config.scale, halo=32, exact_tiles=False, precise=(*PRECISE, *scans))


FAMILIES = (
    Family(
        name="dvmsr",
        recognises=has("norm_f.weight", "layers.0.residual_group.blocks.0.mixer.A_log"),
        read_config=read_config,
        build=build,
        traits=traits,
        convert=convert,
    ),
)

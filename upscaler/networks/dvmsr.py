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

from upscaler.networks.blocks import Conv, Linear, PixelShuffleHead, TokenNorm, conv3x3, entering, mean_colour
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.scan import SelectiveScan


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

    def forward(self, tokens: Tensor) -> Tensor:
        y: Tensor = self.mixer(self.norm(tokens))
        return y


class Group(nn.Module):
    def __init__(self, config: DvmsrConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.conv = conv3x3(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """N,H,W,C -> N,H,W,C."""
        tokens = x.flatten(1, 2)
        for block in self.blocks:
            tokens = block(tokens)
        y: Tensor = self.conv(tokens.view_as(x).permute(0, 3, 1, 2))
        return y.permute(0, 2, 3, 1) + x


class Dvmsr(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: DvmsrConfig) -> None:
        super().__init__()
        self.conv_first = conv3x3(3, config.width)
        self.embed_norm = TokenNorm(config.width)
        self.layers = nn.ModuleList(Group(config) for _ in range(config.groups))
        self.norm_f = TokenNorm(config.width)
        self.conv_after_body = conv3x3(config.width, config.width)
        self.upsample = PixelShuffleHead(config.width, config.scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        mean = mean_colour(x.device)
        shallow = self.conv_first(x - mean)
        deep = entering(self.layers, self.embed_norm(shallow.permute(0, 2, 3, 1)))
        for group in self.layers:
            deep = group(deep)
        y: Tensor = self.upsample(self.conv_after_body(self.norm_f(deep).permute(0, 3, 1, 2)) + shallow)
        return y + mean


RULES: tuple[Rule, ...] = (
    (r"^patch_embed\.norm", "embed_norm"),
    (r"\.residual_group\.", "."),
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
    return Traits(
        scale=config.scale, halo=32, exact_tiles=False, precise=("conv_first", "embed_norm", "upsample", *scans)
    )


FAMILIES = (
    Family(
        name="dvmsr",
        recognises=has("norm_f.weight", "layers.0.residual_group.blocks.0.mixer.A_log"),
        read_config=read_config,
        build=Dvmsr,
        traits=traits,
        convert=convert,
    ),
)

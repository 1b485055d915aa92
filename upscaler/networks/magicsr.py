"""MagicSR (N-Gram Swin): windows that know their neighbours before they attend.

Special: a window's pixels first get a context, one vector for the window, made by attention between it and the windows
         around it (forward: below and right, backward: above and left).  Attention by cosine; norms after the branches.
Source:  Choi et al., "N-Gram in Swin Transformers for Efficient Lightweight Image Super-Resolution", CVPR 2023
         (arXiv 2211.11436); NTIRE 2024 report, team MagicSR.
Reach:   several hundred pixels through windows of 8, 16 and 32 and their shifts; what lies beyond 128 weighs nothing
         that float32 could show (measured with random weights).  Tiles begin on multiples of 32.
"""

import math
import re
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.attention import attention_within, relative_bias, shifted_window_attention, window_attention
from upscaler.networks.blocks import Conv, Linear, TokenNorm, conv1x1, conv3x3, depthwise, entering
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.swinir import FeedForward

SIDE = 8
GRAM = 2
"""Windows along a side that make a context."""

MULTIPLE = 32
"""Windows of 8 on a map of a quarter of the size."""

LEAST = 64
"""A context needs two windows there."""

MEAN = (0.4485, 0.4375, 0.4045)
DEVIATION = {2: (0.2397, 0.2290, 0.2389), 3: (0.2373, 0.2265, 0.2367), 4: (0.2352, 0.2244, 0.2349)}
"""Of DIV2K's reduced pictures, by scale."""


@dataclass(frozen=True, slots=True)
class StageConfig:
    """A chain of blocks of the same form."""

    blocks: int
    heads: int
    attended: int
    """Channels of queries; not always the network's width."""

    context: int
    """Channels of queries between windows."""


@dataclass(frozen=True, slots=True)
class MagicSrConfig:
    scale: int
    width: int
    hidden: int
    encoders: tuple[StageConfig, StageConfig, StageConfig]
    decoder: StageConfig


class CosineAttention(nn.Module):
    """What attention in windows of one side needs: its projections, its scores' scale and bias."""

    def __init__(self, width: int, heads: int, attended: int, side: int) -> None:
        super().__init__()
        self.heads, self.side = heads, side
        self.qkv = Linear(width, 3 * attended)
        self.logit_scale = nn.Parameter(torch.zeros(heads, 1, 1))
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2, heads))
        self.proj = Linear(attended, width)

    def projected(self, x: Tensor) -> Tensor:
        """N,H,W,C -> N,3*A,H,W: queries and keys of length 1, queries times the scale."""
        n, height, width, _ = x.shape
        parts: Tensor = self.qkv(x).view(n, height, width, 3, self.heads, -1)
        scale = self.logit_scale.clamp(max=math.log(100)).exp().view(self.heads, 1)
        query = F.normalize(parts[:, :, :, 0].float(), dim=-1) * scale
        key = F.normalize(parts[:, :, :, 1].float(), dim=-1)
        ready = torch.stack((query.to(parts.dtype), key.to(parts.dtype), parts[:, :, :, 2]), 3)
        return ready.flatten(3).permute(0, 3, 1, 2)

    def bias(self) -> Tensor:
        """Heads,side**2,side**2.  The table is by query minus key; read backwards, it is by key minus query."""
        return relative_bias(self.relative_position_bias_table.flip(0).t().contiguous(), self.side)

    def within(self, x: Tensor, shift: int) -> Tensor:
        """N,H,W,C -> N,H,W,C in windows, which may be shifted."""
        ready = self.projected(x)
        attended = (
            shifted_window_attention(ready, self.heads, self.side, self.bias(), shift, scale=1.0)
            if shift
            else window_attention(ready, self.heads, self.side, self.bias(), scale=1.0)
        )
        y: Tensor = self.proj(attended.permute(0, 2, 3, 1))
        return y

    def sliding(self, x: Tensor) -> Tensor:
        """N,H,W,C -> N,H-1,W-1,C: the mean of what each 2x2 window at stride 1 gives."""
        ready = self.projected(x)
        n, channels, height, width = ready.shape
        patches = ready.unfold(2, GRAM, 1).unfold(3, GRAM, 1).permute(0, 1, 2, 4, 3, 5)
        size = ((height - 1) * GRAM, (width - 1) * GRAM)
        parts = patches.reshape(n, 3, self.heads, channels // 3 // self.heads, *size)
        attended = F.avg_pool2d(attention_within(parts, (GRAM, GRAM), self.bias(), scale=1.0), GRAM)
        y: Tensor = self.proj(attended.permute(0, 2, 3, 1))
        return y


class Context(nn.Module):
    """N,H,W,C -> N,H/8,W/8,C: a vector for each window, from itself and its neighbours."""

    def __init__(self, width: int, stage: StageConfig) -> None:
        super().__init__()
        half = width // 2
        self.unigram_embed = Conv(width, half, SIDE, stride=SIDE, padding=0, groups=half)
        self.ngram_attn = CosineAttention(half, stage.heads, stage.context, GRAM)
        self.merge = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        windows = self.unigram_embed(x.permute(0, 3, 1, 2))
        ahead, behind = (F.pad(windows, sides, mode="reflect") for sides in ((0, 1, 0, 1), (1, 0, 1, 0)))
        seen = [self.ngram_attn.sliding(padded.permute(0, 2, 3, 1)) for padded in (ahead, behind)]
        y: Tensor = self.merge(torch.cat(seen, 3).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return y


class Block(nn.Module):
    """N,H,W,C -> N,H,W,C."""

    def __init__(self, config: MagicSrConfig, stage: StageConfig, *, shifted: bool) -> None:
        super().__init__()
        self.shift = SIDE // 2 if shifted else 0
        self.context = Context(config.width, stage)
        self.attn = CosineAttention(config.width, stage.heads, stage.attended, SIDE)
        self.norm1 = TokenNorm(config.width)
        self.ffn = FeedForward(config.width, config.hidden)
        self.norm2 = TokenNorm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        n, height, width, channels = x.shape
        windows = x.reshape(n, height // SIDE, SIDE, width // SIDE, SIDE, channels)
        informed = (windows + self.context(x)[:, :, None, :, None]).reshape(n, height, width, channels)
        x = x + self.norm1(self.attn.within(informed, self.shift))
        y: Tensor = x + self.norm2(self.ffn(x))
        return y


class Merge(nn.Module):
    """N,H,W,C -> N,H/2,W/2,C."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = TokenNorm(4 * width)
        self.reduction = Linear(4 * width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        neighbours = [x[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        y: Tensor = self.reduction(self.norm(torch.cat(neighbours, 3)))
        return y


class Stage(nn.Module):
    """Blocks, each fed with the sum of what came before it; ``inputs`` channels are first projected to the width."""

    def __init__(self, config: MagicSrConfig, stage: StageConfig, *, inputs: int, merges: bool) -> None:
        super().__init__()
        width = config.width
        self.across_cascade_proj = Linear(inputs, width) if inputs != width else nn.Identity()
        self.blocks = nn.ModuleList(Block(config, stage, shifted=i % 2 > 0) for i in range(stage.blocks))
        self.downsample = Merge(width) if merges else nn.Identity()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The last block's output, and the running sum (merged, if this stage does)."""
        y = total = self.across_cascade_proj(x)
        for index, block in enumerate(self.blocks):
            total = total + y if index else total
            y = block(total)
        return y, self.downsample(y + total)


class Bottleneck(nn.Module):
    """The encoders' outputs, at full, half and quarter size, as one map of full size."""

    def __init__(self, width: int) -> None:
        super().__init__()
        together = width + width // 4 + width // 16
        self.depthwise = depthwise(together)
        self.pointwise = Linear(together, width)
        self.norm = TokenNorm(width)

    def forward(self, shallow: Tensor, encoded: list[Tensor]) -> Tensor:
        """``shallow`` is N,C,H,W; ``encoded`` and the result N,H,W,C."""
        maps = []
        for index, tokens in enumerate(encoded):
            maps.append(F.pixel_shuffle(tokens.permute(0, 3, 1, 2) + F.leaky_relu(shallow, 0.01), 2**index))
            shallow = F.max_pool2d(shallow, 2)
        y: Tensor = self.norm(self.pointwise(F.gelu(self.depthwise(torch.cat(maps, 1))).permute(0, 2, 3, 1)))
        return y


class MagicSr(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: MagicSrConfig) -> None:
        super().__init__()
        c = config
        self.scale = c.scale
        self.shallow_extract = conv3x3(3, c.width)
        self.encoders = nn.ModuleList(
            Stage(c, stage, inputs=c.width * (i + 1), merges=i < 2) for i, stage in enumerate(c.encoders)
        )
        self.bottleneck = Bottleneck(c.width)
        self.decoder = Stage(c, c.decoder, inputs=c.width, merges=False)
        self.norm = TokenNorm(c.width)
        self.before_shuffle = conv3x3(c.width, 3 * c.scale**2)
        self.to_origin = conv3x3(3, 3)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        height, width = x.shape[2:]
        mean, deviation = (
            torch.tensor(values, device=x.device).view(1, 3, 1, 1) for values in (MEAN, DEVIATION[self.scale])
        )
        shallow = self.shallow_extract((darkened(x) - mean) / deviation)
        deep = entering(self.encoders, shallow)
        y: Tensor = self.before_shuffle(self.norm(self.body(deep)).permute(0, 3, 1, 2) + shallow)
        y = self.to_origin(F.pixel_shuffle(y, self.scale)) * deviation + mean
        return y[:, :, : height * self.scale, : width * self.scale]

    def body(self, shallow: Tensor) -> Tensor:
        """N,C,H,W -> N,H,W,C."""
        encoded = []
        cascade = shallow.permute(0, 2, 3, 1)
        for index, encoder in enumerate(self.encoders):
            output, merged = encoder(cascade)
            encoded.append(output)
            if index < len(self.encoders) - 1:
                halved = F.max_pool2d(cascade.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
                cascade = torch.cat((halved, merged), 3)
        decoded: Tensor = self.decoder(self.bottleneck(shallow, encoded) + encoded[0])[0]
        return decoded


def darkened(x: Tensor) -> Tensor:
    """The picture extended with black at the bottom and right."""
    height, width = (max(length + -length % MULTIPLE, LEAST) for length in x.shape[2:])
    return F.pad(x, (0, width - x.shape[3], 0, height - x.shape[2]))


RULES: tuple[Rule, ...] = (
    (r"^shallow_extract\.conv1\.", "shallow_extract."),
    (r"^encoder_layer(\d)\.", lambda found: f"encoders.{int(found[1]) - 1}."),
    (r"^decoder_layer1\.", "decoder."),
    (r"\.ngram_window_partition\.ngram_context\.", ".context."),
    (r"^to_target\.", ""),
)


def read_config(shapes: Shapes) -> MagicSrConfig:
    shapes = renamed(shapes, *RULES)

    def stage(name: str) -> StageConfig:
        block = f"{name}.blocks.0"
        return StageConfig(
            blocks=count(shapes, rf"{re.escape(name)}\.blocks\.\d+\.norm1\.weight"),
            heads=shapes[f"{block}.attn.logit_scale"][0],
            attended=shapes[f"{block}.attn.proj.weight"][1],
            context=shapes[f"{block}.context.ngram_attn.proj.weight"][1],
        )

    scale = math.isqrt(shapes["before_shuffle.weight"][0] // 3)
    if scale not in DEVIATION:
        raise ValueError(f"nothing is known of pictures reduced by {scale}")
    return MagicSrConfig(
        scale=scale,
        width=shapes["shallow_extract.weight"][0],
        hidden=shapes["decoder.blocks.0.ffn.fc1.weight"][0],
        encoders=(stage("encoders.0"), stage("encoders.1"), stage("encoders.2")),
        decoder=stage("decoder"),
    )


def convert(state: State, _config: MagicSrConfig) -> State:
    """Without masks and tables of offsets, which follow from the sizes."""
    derived = (".relative_position_index", ".attn_mask")
    return {key: value for key, value in renamed(state, *RULES).items() if not key.endswith(derived)}


def traits(config: MagicSrConfig) -> Traits:
    return Traits(
        scale=config.scale,
        halo=128,
        grid=MULTIPLE,
        precise=("shallow_extract", "norm", "before_shuffle", "to_origin"),
    )


FAMILIES = (
    Family(
        name="magicsr",
        recognises=has("encoder_layer1.blocks.0.ngram_window_partition.ngram_context.unigram_embed.weight"),
        read_config=read_config,
        build=MagicSr,
        traits=traits,
        convert=convert,
    ),
)

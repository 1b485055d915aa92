"""ESC: self-attention in a few layers, imitated by convolutions in all others.

Special: one 13x13 kernel serves every layer; each layer adds a 3x3 kernel of its own, made from the picture's mean.
Source:  Lee et al., "Emulating Self-attention with Convolution for Efficient Image Super-Resolution", ICCV 2025
         (arXiv 2503.06671); ESC-Real: section 6.3.
Reach:   188 pixels (ESC), 114 (light), 378 (Real), more by the windows' borders; what lies beyond ``halo`` weighs
         nothing that float32 could show.  The means are of the whole picture; windows begin at multiples of their side.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.attention import reflect_to_multiple, relative_bias, rows_of_windows, window_attention
from upscaler.networks.blocks import ChannelNorm, Conv, GlobalMean, conv1x1, conv3x3, convolve_each, depthwise, entering
from upscaler.networks.family import Family, Shapes, State, Traits

EPS = 1e-6


@dataclass(frozen=True, slots=True)
class EscConfig:
    scale: int
    width: int
    mixed: int
    """The first so many channels are those that the large kernel sees."""

    estimator: int
    """Channels inside the estimator of the 3x3 kernels."""

    blocks: int
    layers: int
    """Convolutional layers in a block, after its one attention."""

    heads: int
    side: int
    """Of the attention's windows, in pixels."""

    first_hidden: int
    hidden: int
    normed: bool
    """A norm stands before each convolutional layer."""


class ConvFeedForward(nn.Module):
    """Per pixel to ``hidden`` channels and back, with a 3x3 depthwise convolution added between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.proj = conv1x1(width, hidden)
        self.dwc = depthwise(hidden)
        self.aggr = conv1x1(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        t = F.gelu(self.proj(x))
        y: Tensor = self.aggr(F.gelu(self.dwc(t)) + t)
        return y


class WindowAttention(nn.Module):
    """Attention in windows that do not shift; incomplete ones are filled by reflection of the features."""

    def __init__(self, width: int, heads: int, side: int) -> None:
        super().__init__()
        self.heads, self.side = heads, side
        self.relative_position_bias = nn.Parameter(torch.zeros(heads, (2 * side - 1) ** 2))
        self.to_qkv = conv1x1(width, 3 * width)
        self.to_out = conv1x1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[2:]
        whole = reflect_to_multiple(x, self.side)
        bias = relative_bias(self.relative_position_bias, self.side)
        strips = [
            window_attention(self.to_qkv(whole[:, :, top:bottom]), self.heads, self.side, bias)
            for top, bottom in rows_of_windows(whole.shape[2], whole.shape[3], self.side)
        ]
        y: Tensor = self.to_out(torch.cat(strips, 2)[:, :, :height, :width])
        return y


class DynamicKernel(nn.Module):
    """The shared dense kernel plus a depthwise 3x3 kernel that follows from the picture's mean (section 4.2)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        # Zeros, as the authors begin: at first the shared kernel acts alone.
        self.dwc_proj = nn.Sequential(GlobalMean(), conv1x1(channels, hidden), nn.GELU(), conv1x1(hidden, 9 * channels))

    def forward(self, x: Tensor, kernels: tuple[Tensor, ...]) -> Tensor:
        (shared,) = (kernel.to(x.dtype) for kernel in kernels)
        own = self.dwc_proj(x).view(-1, x.shape[1], 1, 3, 3)
        if x.is_cuda:
            # Merging costs more launches there than the second, small convolution does.
            return F.conv2d(x, shared, padding=shared.shape[2] // 2) + convolve_each(x, own)
        diagonal = torch.diag_embed(own[:, :, 0].permute(0, 2, 3, 1)).permute(0, 3, 4, 1, 2)
        return convolve_each(x, shared + at_centre(diagonal, shared.shape[2]))


def at_centre(kernels: Tensor, side: int) -> Tensor:
    """...,k,k in the middle of ...,side,side zeros."""
    border = (side - kernels.shape[-1]) // 2
    return F.pad(kernels, (border, border, border, border))


class ConvAttention(nn.Module):
    """The large kernel on the first channels; a 1x1 convolution mixes them with the others."""

    def __init__(self, config: EscConfig, mixer: nn.Module) -> None:
        super().__init__()
        self.parts = [config.mixed, config.width - config.mixed]
        self.plk = mixer
        self.aggr = conv1x1(config.width, config.width)

    def forward(self, x: Tensor, kernels: tuple[Tensor, ...]) -> Tensor:
        seen, rest = torch.split(x, self.parts, 1)
        y: Tensor = self.aggr(torch.cat((self.plk(seen, kernels), rest), 1))
        return y


class Block(nn.Module):
    def __init__(self, config: EscConfig, mixer: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        c = config
        self.ln_proj = ChannelNorm(c.width, EPS)
        self.proj = ConvFeedForward(c.width, c.first_hidden)
        self.ln_attn = ChannelNorm(c.width, EPS)
        self.attn = WindowAttention(c.width, c.heads, c.side)
        self.lns = nn.ModuleList(ChannelNorm(c.width, EPS) if c.normed else nn.Identity() for _ in range(c.layers))
        self.convffns = nn.ModuleList(ConvFeedForward(c.width, c.hidden) for _ in range(c.layers))
        self.pconvs = nn.ModuleList(ConvAttention(c, mixer(c.mixed, c.estimator)) for _ in range(c.layers))
        self.ln_out = ChannelNorm(c.width, EPS)
        self.conv_out = conv3x3(c.width, c.width)

    def forward(self, x: Tensor, kernels: tuple[Tensor, ...]) -> Tensor:
        h: Tensor = self.proj(self.ln_proj(x))
        h = h + self.attn(self.ln_attn(h))
        for norm, feed_forward, attention in zip(self.lns, self.convffns, self.pconvs, strict=True):
            h = h + attention(feed_forward(norm(h)), kernels)
        y: Tensor = self.conv_out(self.ln_out(h))
        return y + x


class Trunk(nn.Module):
    """N,3,H,W -> N,width,H,W: the part that all of the ESC family have."""

    def __init__(self, config: EscConfig, mixer: Callable[[int, int], nn.Module] = DynamicKernel) -> None:
        super().__init__()
        self.proj = conv3x3(3, config.width)
        self.blocks = nn.ModuleList(Block(config, mixer) for _ in range(config.blocks))
        self.ln_last: nn.Module = nn.Identity()
        self.last = conv3x3(config.width, config.width)

    def features(self, x: Tensor, *kernels: Tensor) -> Tensor:
        shallow = self.proj(x)
        deep = entering(self.blocks, shallow)
        for block in self.blocks:
            deep = block(deep, kernels)
        y: Tensor = self.last(self.ln_last(deep)) + shallow
        return y


class Encoder(Trunk):
    """The trunk with its shared kernel, which is stored as the mean of its flips and turns."""

    def __init__(self, config: EscConfig) -> None:
        super().__init__(config)
        self.plk_filter = nn.Parameter(nn.init.orthogonal_(torch.empty(config.mixed, config.mixed, 13, 13)))

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x, self.plk_filter)


class Esc(Encoder):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped."""

    def __init__(self, config: EscConfig) -> None:
        super().__init__(config)
        self.scale = config.scale
        self.to_img = conv3x3(config.width, 3 * config.scale**2)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        detail = F.pixel_shuffle(self.to_img(super().forward(x)), self.scale)
        return detail + F.interpolate(x, scale_factor=self.scale, mode="nearest")


class ReflectedDepthwise(Conv):
    """A depthwise convolution that sees the picture mirrored beyond its borders."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__(channels, channels, kernel, padding=0, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        border = self.kernel_size[0] // 2
        return super().forward(F.pad(x, (border, border, border, border), mode="reflect"))


class EscReal(Encoder):
    """N,3,H,W in 0..1 -> N,3,4H,4W, not clipped; enlarges by repetition and convolution, as Real-ESRGAN does."""

    def __init__(self, config: EscConfig) -> None:
        super().__init__(config)
        width = config.width
        self.skip = nn.Sequential(
            conv1x1(3, 2 * width), ReflectedDepthwise(2 * width, 7), nn.LeakyReLU(0.2), conv1x1(2 * width, width)
        )
        self.to_img = nn.Sequential(
            nn.Upsample(scale_factor=2),
            conv3x3(width, width),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2),
            conv3x3(width, width),
            nn.LeakyReLU(0.2),
            conv3x3(width, width),
            nn.LeakyReLU(0.2),
            conv3x3(width, 3),
        )

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        y: Tensor = self.to_img(super().forward(x) + self.skip(x))
        return y


def read_trunk(shapes: Shapes, prefix: str, estimator: str, *, scale: int) -> EscConfig:
    """The sizes of a trunk whose keys begin with ``prefix``; ``estimator`` names the layers that make 3x3 kernels."""
    inner = f"{prefix}blocks.0."
    table = shapes[f"{inner}attn.relative_position_bias"]
    hidden, mixed = shapes[f"{inner}pconvs.0.plk.{estimator}.1.weight"][:2]
    return EscConfig(
        scale=scale,
        width=shapes[f"{prefix}proj.weight"][0],
        mixed=mixed,
        estimator=hidden,
        blocks=sum(key.startswith(prefix) and key.endswith(".conv_out.weight") for key in shapes),
        layers=sum(key.startswith(f"{inner}convffns.") and key.endswith(".dwc.weight") for key in shapes),
        heads=table[0],
        side=(math.isqrt(table[1]) + 1) // 2,
        first_hidden=shapes[f"{inner}proj.proj.weight"][0],
        hidden=shapes[f"{inner}convffns.0.proj.weight"][0],
        normed=f"{inner}lns.0.weight" in shapes,
    )


def read_config(shapes: Shapes) -> EscConfig:
    return read_trunk(shapes, "", "dwc_proj", scale=math.isqrt(shapes["to_img.weight"][0] // 3))


def read_real_config(shapes: Shapes) -> EscConfig:
    return read_trunk(shapes, "", "dwc_proj", scale=4)


def convert(state: State, config: object) -> State:
    """The shared kernel becomes the mean of its flips and turns, once instead of at every call."""
    return {key: symmetric(value) if key.endswith("plk_filter") else value for key, value in state.items()}


def symmetric(kernel: Tensor) -> Tensor:
    """The mean of a kernel's eight flips and quarter turns, in float64; to the last bit its own mean again."""
    turns = [kernel.double().rot90(quarter, (2, 3)) for quarter in range(4)]
    eight = torch.stack([*turns, *(turn.flip(3) for turn in turns)])
    # Sorted, so that the eight places of an orbit add the same numbers in the same order.
    return eight.sort(0).values.mean(0).to(kernel.dtype)


def traits(config: EscConfig) -> Traits:
    return Traits(
        scale=config.scale,
        halo=3 * config.side,
        grid=config.side,
        # Reflection of what lacks to a window's side takes more than half a side.
        min_size=config.side // 2 + 1,
        multiple=config.side,
        global_statistics=True,
        precise=("proj", "to_img"),
    )


def _is_esc(shapes: Shapes) -> bool:
    keys = ("plk_filter", "blocks.0.attn.relative_position_bias", "to_img.weight")
    return all(key in shapes for key in keys)


def _is_real(shapes: Shapes) -> bool:
    keys = ("plk_filter", "blocks.0.attn.relative_position_bias", "skip.0.weight", "to_img.8.weight")
    return all(key in shapes for key in keys) and "to_img.MetaUpsample" not in shapes


FAMILIES = (
    Family(name="esc", recognises=_is_esc, read_config=read_config, build=Esc, traits=traits, convert=convert),
    Family(
        name="esc-real",
        recognises=_is_real,
        read_config=read_real_config,
        build=EscReal,
        traits=traits,
        convert=convert,
    ),
)

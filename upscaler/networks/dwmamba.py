"""DWMamba: MambaIRv2's layer on the low band of a Haar wavelet; the high bands steer it and are refined beside it.

Special: every block splits the picture into four bands and joins them again; the three high ones are mixed by weights
         made from their mean.  The authors choose classes with noise and sort them as the machine likes; here the
         likeliest class is taken and equal ones keep their order, so results are deterministic.
Source:  NTIRE 2026 efficient super-resolution report, team 12; the layer: see ``mambair.py``.
Reach:   the whole picture (sorted as one sequence, means): tiles are blended, from origins on multiples of 32, twice
         the side of the windows.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks import swinir
from upscaler.networks.attention import mirror_to_multiple
from upscaler.networks.blocks import GlobalMean, Linear, TokenNorm, conv1x1, conv3x3, depthwise
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.mambair import (
    LAYER_RULES,
    PRECISE_LAYER,
    AttentiveLayer,
    LayerConfig,
    Prompts,
    Router,
    converted,
    read_layer,
    reordered,
    sort_by_class,
)
from upscaler.networks.scan import SelectiveScan
from upscaler.networks.swinir import FEED_FORWARD_RULES, PRECISE, ConvFeedForward, Frame, Group


@dataclass(frozen=True, slots=True)
class DwMambaConfig:
    scale: int
    layer: LayerConfig
    """Of the low band."""

    high: int
    """Channels that the high bands are squeezed to."""

    mixer: int
    """Hidden channels of the network that weighs the high bands."""

    excitation: int
    """Hidden channels of the high bands' channel gate."""

    groups: int
    blocks: int


def split_bands(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """N,H,W,C -> four N,H/2,W/2,C: the Haar bands low-low, high-low, low-high, high-high."""
    even, odd = x[:, 0::2], x[:, 1::2]
    left_sum, left_change = even[:, :, 0::2] + odd[:, :, 0::2], odd[:, :, 0::2] - even[:, :, 0::2]
    right_sum, right_change = even[:, :, 1::2] + odd[:, :, 1::2], odd[:, :, 1::2] - even[:, :, 1::2]
    return (
        (left_sum + right_sum) / 2,
        (right_sum - left_sum) / 2,
        (left_change + right_change) / 2,
        (right_change - left_change) / 2,
    )


def join_bands(ll: Tensor, hl: Tensor, lh: Tensor, hh: Tensor) -> Tensor:
    """The inverse of ``split_bands``."""
    n, height, width, channels = ll.shape
    left, right, rise, fall = ll - hl, ll + hl, lh - hh, lh + hh
    x = ll.new_empty(n, height, 2, width, 2, channels)
    x[:, :, 0, :, 0] = (left - rise) / 2
    x[:, :, 1, :, 0] = (left + rise) / 2
    x[:, :, 0, :, 1] = (right - fall) / 2
    x[:, :, 1, :, 1] = (right + fall) / 2
    return x.view(n, 2 * height, 2 * width, channels)


class BandMixer(nn.Module):
    """Three N,C,H,W -> their sum, each channel weighted by what the picture's means say (selective kernels)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.mean = GlobalMean()
        self.squeeze = conv1x1(width, hidden, bias=False)
        self.rectify = nn.PReLU()
        self.spread = nn.ModuleList(conv1x1(hidden, width, bias=False) for _ in range(3))

    def forward(self, *bands: Tensor) -> Tensor:
        seen = self.rectify(self.squeeze(self.mean(bands[0] + bands[1] + bands[2])))
        weights = torch.stack([spread(seen) for spread in self.spread]).softmax(0)
        return bands[0] * weights[0] + bands[1] * weights[1] + bands[2] * weights[2]


class HighBranch(nn.Module):
    """A small residual branch with a channel gate, N,C,H,W."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.conv1 = depthwise(width)
        self.conv2 = conv1x1(width, width)
        self.mean = GlobalMean()
        self.gate = nn.Sequential(Linear(width, hidden, bias=False), nn.ReLU(), Linear(hidden, width, bias=False))
        self.res_scale = nn.Parameter(torch.ones(1, width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv2(F.gelu(self.conv1(x)))
        gate: Tensor = self.gate(self.mean(h).flatten(1)).sigmoid()
        y: Tensor = x + self.res_scale * (h * gate[:, :, None, None])
        return y


class GuidedStateSpace(nn.Module):
    """MambaIRv2's state space, its classes and its sequence steered by the high bands; N,H,W,C."""

    def __init__(self, config: LayerConfig, high: int) -> None:
        super().__init__()
        c = config
        self.align = nn.Sequential(depthwise(high), nn.SiLU(), conv1x1(high, c.width))
        self.hf_gate_route = nn.Parameter(torch.zeros(c.width))
        self.route = Router(2 * c.width, c.router, c.classes)
        self.prompts = Prompts(c.classes, c.prompt, c.states)
        self.in_proj = conv1x1(c.width, c.inner)
        self.gate = depthwise(c.inner)
        self.cpe_hf_proj = conv1x1(high, c.inner)
        self.hf_gate_cpe = nn.Parameter(torch.zeros(1, c.inner, 1, 1))
        self.scan = SelectiveScan(c.inner, c.states, c.rank)
        self.out_norm = TokenNorm(c.inner)
        self.out_proj = Linear(c.inner, c.width)

    def forward(self, x: Tensor, high: Tensor) -> Tensor:
        """``high`` is N,C,H,W."""
        aligned = self.align(high).permute(0, 2, 3, 1) * self.hf_gate_route
        classes = self.route(torch.cat((x, aligned), 3).flatten(1, 2))
        order, back = sort_by_class(classes)
        inner = self.in_proj(x.permute(0, 3, 1, 2))
        gate = self.gate(inner) + self.cpe_hf_proj(high) * self.hf_gate_cpe
        tokens = (inner * gate.sigmoid()).permute(0, 2, 3, 1).flatten(1, 2)
        # Here each pixel keeps its own prompt when the sequence is sorted.
        scanned = self.scan(reordered(tokens, order), reordered(self.prompts(classes), order))
        y: Tensor = self.out_proj(self.out_norm(scanned))
        return reordered(y, back).view_as(x)


class Fusion(nn.Module):
    """N,C,H,W -> N,C,H,W: what the low band became is let into the high ones."""

    def __init__(self, width: int, high: int) -> None:
        super().__init__()
        self.struct_conv = conv1x1(width, high)
        self.fusion = conv3x3(2 * high, high)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        structure = self.struct_conv(low)
        y: Tensor = high * structure.sigmoid() + self.fusion(torch.cat((high, structure), 1))
        return y


class Block(nn.Module):
    """N,H,W,C -> N,H,W,C through the wavelet; no skip around it."""

    def __init__(self, config: DwMambaConfig, *, shifted: bool) -> None:
        super().__init__()
        width, high = config.layer.width, config.high
        self.mixer = BandMixer(width, config.mixer)
        self.compress = conv1x1(width, high)
        self.high = HighBranch(high, config.excitation)
        state_space = GuidedStateSpace(config.layer, high)
        self.low = AttentiveLayer(config.layer, state_space, ConvFeedForward, shifted=shifted)
        self.fuse = Fusion(width, high)
        self.expand = conv1x1(high, 3 * width)

    def forward(self, x: Tensor) -> Tensor:
        low, *bands = split_bands(x)
        high = self.high(self.compress(self.mixer(*(band.permute(0, 3, 1, 2) for band in bands))))
        low = self.low(low, high)
        bands = self.expand(self.fuse(high, low.permute(0, 3, 1, 2))).permute(0, 2, 3, 1).chunk(3, 3)
        return join_bands(low, *bands)


class DwMamba(Frame):
    def __init__(self, config: DwMambaConfig) -> None:
        c = config
        self.multiple = 2 * c.layer.side
        width = c.layer.width
        groups = (Group(width, [Block(c, shifted=i % 2 > 0) for i in range(c.blocks)]) for _ in range(c.groups))
        super().__init__(width, c.scale, groups)

    def extended(self, x: Tensor) -> Tensor:
        return mirror_to_multiple(x, self.multiple)


RULES: tuple[Rule, ...] = (
    *swinir.RULES,
    *LAYER_RULES,
    *FEED_FORWARD_RULES,
    (r"\.ll_branch\.", ".low."),
    (r"\.hf_align\.", ".align."),
    (r"\.skff\.conv_du\.0\.", ".mixer.squeeze."),
    (r"\.skff\.conv_du\.1\.", ".mixer.rectify."),
    (r"\.skff\.fcs\.", ".mixer.spread."),
    (r"\.hf_compress\.", ".compress."),
    (r"\.hf_branch\.se\.fc\.", ".high.gate."),
    (r"\.hf_branch\.", ".high."),
    (r"\.cfi\.", ".fuse."),
    (r"\.expand_conv\.", ".expand."),
)


def read_config(shapes: Shapes) -> DwMambaConfig:
    shapes = renamed(shapes, *RULES)
    block = "layers.0.blocks.0"
    return DwMambaConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        layer=read_layer(shapes, f"{block}.low"),
        high=shapes[f"{block}.compress.weight"][0],
        mixer=shapes[f"{block}.mixer.squeeze.weight"][0],
        excitation=shapes[f"{block}.high.gate.0.weight"][0],
        groups=count(shapes, r"layers\.\d+\.conv\.weight"),
        blocks=count(shapes, r"layers\.0\.blocks\.\d+\.compress\.weight"),
    )


def convert(state: State, _config: DwMambaConfig) -> State:
    return converted(state, RULES)


def traits(config: DwMambaConfig) -> Traits:
    layers = (f"layers.{i}.blocks.{j}.low" for i in range(config.groups) for j in range(config.blocks))
    return Traits(
        scale=config.scale,
        halo=32,
        grid=2 * config.layer.side,
        min_size=config.layer.side,
        exact_tiles=False,
        precise=(*PRECISE, *(f"{layer}.{part}" for layer in layers for part in PRECISE_LAYER)),
    )


FAMILIES = (
    Family(
        name="dwmamba",
        recognises=has("layers.0.layers.0.ll_branch.assm.selectiveScan.A_logs"),
        read_config=read_config,
        build=DwMamba,
        traits=traits,
        convert=convert,
    ),
)

"""MambaIRv2-light: window attention, then a state-space scan over pixels sorted by a learned class.

Special: similar pixels are neighbours in the sequence, and each class adds its prompt to what is read from the state.
         The authors draw noise when they choose classes, so that two of their runs differ; here the likeliest class is
         taken, and results are deterministic.
Source:  Guo et al., "MambaIRv2: Attentive State Space Restoration", CVPR 2025 (arXiv 2411.15269), section 3; entered in
         NTIRE 2025 by team 40.
Reach:   the whole picture (it is sorted as one); tiles are blended, from origins on multiples of the windows' 16.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks import swinir
from upscaler.networks.attention import mirror_to_multiple, relative_bias, shifted_window_attention, window_attention
from upscaler.networks.blocks import Linear, TokenNorm, conv1x1, depthwise
from upscaler.networks.family import Family, Shapes, State, Traits
from upscaler.networks.layout import Rule, count, renamed
from upscaler.networks.scan import SelectiveScan
from upscaler.networks.swinir import PRECISE, Frame, Group


@dataclass(frozen=True, slots=True)
class LayerConfig:
    """Sizes of an attentive layer."""

    width: int
    hidden: int
    """Of the feed-forwards."""

    heads: int
    side: int
    """Of the attention's windows; every second layer's are shifted by half of it."""

    inner: int
    """Channels of the scan."""

    states: int
    rank: int
    classes: int
    prompt: int
    """Inner width of the prompts' table, a product of two."""

    router: int
    """Hidden channels of the network that chooses a pixel's class."""


def read_layer(shapes: Shapes, name: str) -> LayerConfig:
    offsets, heads = shapes[f"{name}.attention.relative_position_bias_table"]
    inner, states = shapes[f"{name}.state_space.scan.A_log"]
    classes, prompt = shapes[f"{name}.state_space.prompts.classes"]
    return LayerConfig(
        width=shapes[f"{name}.scale1"][0],
        hidden=shapes[f"{name}.feed_forward1.fc1.weight"][0],
        heads=heads,
        side=(math.isqrt(offsets) + 1) // 2,
        inner=inner,
        states=states,
        rank=shapes[f"{name}.state_space.scan.dt_proj.weight"][-1],
        classes=classes,
        prompt=prompt,
        router=shapes[f"{name}.state_space.route.hidden.weight"][0],
    )


@dataclass(frozen=True, slots=True)
class MambaIrConfig:
    scale: int
    layer: LayerConfig
    groups: int
    layers: int


class WindowAttention(nn.Module):
    """N,H,W,C -> N,H,W,C; H and W are multiples of ``side``."""

    def __init__(self, width: int, heads: int, side: int, *, shifted: bool) -> None:
        super().__init__()
        self.heads, self.side, self.shifted = heads, side, shifted
        self.wqkv = Linear(width, 3 * width)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2, heads))
        self.proj = Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        qkv = self.wqkv(x).permute(0, 3, 1, 2)
        # The table is by query minus key; read backwards, it is by key minus query.
        bias = relative_bias(self.relative_position_bias_table.flip(0).t().contiguous(), self.side)
        if self.shifted:
            attended = shifted_window_attention(qkv, self.heads, self.side, bias, self.side // 2)
        else:
            attended = window_attention(qkv, self.heads, self.side, bias)
        y: Tensor = self.proj(attended.permute(0, 2, 3, 1))
        return y


class SpatialGate(nn.Module):
    """A feed-forward in which one half, normalised and convolved 5x5, gates the other; N,H,W,C."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = Linear(width, hidden)
        self.norm = TokenNorm(hidden // 2)
        self.conv = depthwise(hidden // 2, 5)
        self.fc2 = Linear(hidden // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = F.gelu(self.fc1(x)).chunk(2, 3)
        gate = self.conv(self.norm(gate).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        y: Tensor = self.fc2(value * gate)
        return y


class Router(nn.Module):
    """N,L,C -> N,L int64: the class of each pixel, the first of the likeliest."""

    def __init__(self, width: int, hidden: int, classes: int) -> None:
        super().__init__()
        self.hidden = Linear(width, hidden)
        self.logits = Linear(hidden, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        logits: Tensor = self.logits(F.gelu(self.hidden(tokens)))
        return logits.argmax(-1)


def sort_by_class(classes: Tensor) -> tuple[Tensor, Tensor]:
    """N,L -> two N*L: the flat places of a batch's pixels in the order of their classes, and back."""
    n, length = classes.shape
    order = classes.argsort(dim=1, stable=True) + torch.arange(n, device=classes.device)[:, None] * length
    order = order.flatten()
    back = torch.empty_like(order)
    back[order] = torch.arange(n * length, device=classes.device)
    return order, back


class Prompts(nn.Module):
    """N,L classes -> N,L,states: what each class adds to the read-out; a product of two small tables."""

    def __init__(self, classes: int, inner: int, states: int) -> None:
        super().__init__()
        self.classes = nn.Parameter(torch.zeros(classes, inner))
        self.mix = nn.Parameter(torch.zeros(inner, states))

    def forward(self, classes: Tensor) -> Tensor:
        table: Tensor = self.classes @ self.mix
        return table[classes]


class StateSpace(nn.Module):
    """N,H,W,C -> N,H,W,C: pixels sorted by class, scanned as one sequence, and put back."""

    def __init__(self, config: LayerConfig) -> None:
        super().__init__()
        c = config
        self.route = Router(c.width, c.router, c.classes)
        self.prompts = Prompts(c.classes, c.prompt, c.states)
        self.in_proj = conv1x1(c.width, c.inner)
        self.gate = depthwise(c.inner)
        self.scan = SelectiveScan(c.inner, c.states, c.rank)
        self.out_norm = TokenNorm(c.inner)
        self.out_proj = Linear(c.inner, c.width)

    def forward(self, x: Tensor) -> Tensor:
        classes = self.route(x.flatten(1, 2))
        order, back = sort_by_class(classes)
        inner = self.in_proj(x.permute(0, 3, 1, 2))
        tokens = (inner * self.gate(inner).sigmoid()).permute(0, 2, 3, 1).flatten(1, 2)
        # The prompts stay in the pixels' first order while the sequence is sorted: so the weights were trained.
        scanned = self.scan(reordered(tokens, order), self.prompts(classes))
        y: Tensor = self.out_proj(self.out_norm(scanned))
        return reordered(y, back).view_as(x)


def reordered(tokens: Tensor, order: Tensor) -> Tensor:
    """N,L,C with its N*L tokens taken in that order."""
    return tokens.flatten(0, 1)[order].view_as(tokens)


class AttentiveLayer(nn.Module):
    """Attention and a feed-forward, then a state space and a feed-forward; N,H,W,C.

    ``guides`` are handed to the state space.
    """

    def __init__(
        self,
        config: LayerConfig,
        state_space: nn.Module,
        feed_forward: Callable[[int, int], nn.Module],
        *,
        shifted: bool,
    ) -> None:
        super().__init__()
        width, hidden = config.width, config.hidden
        self.scale1 = nn.Parameter(torch.ones(width))
        self.scale2 = nn.Parameter(torch.ones(width))
        self.norm1, self.norm2 = TokenNorm(width), TokenNorm(width)
        self.norm3, self.norm4 = TokenNorm(width), TokenNorm(width)
        self.attention = WindowAttention(width, config.heads, config.side, shifted=shifted)
        self.feed_forward1 = feed_forward(width, hidden)
        self.state_space = state_space
        self.feed_forward2 = feed_forward(width, hidden)

    def forward(self, x: Tensor, *guides: Tensor) -> Tensor:
        attended = x + self.attention(self.norm1(x))
        x = x * self.scale1 + (attended + self.feed_forward1(self.norm2(attended)))
        scanned = x + self.state_space(self.norm3(x), *guides)
        y: Tensor = x * self.scale2 + (scanned + self.feed_forward2(self.norm4(scanned)))
        return y


class MambaIr(Frame):
    def __init__(self, config: MambaIrConfig) -> None:
        c = config.layer
        self.side = c.side
        groups = (
            Group(
                c.width,
                [AttentiveLayer(c, StateSpace(c), SpatialGate, shifted=i % 2 > 0) for i in range(config.layers)],
            )
            for _ in range(config.groups)
        )
        super().__init__(c.width, config.scale, groups)

    def extended(self, x: Tensor) -> Tensor:
        return mirror_to_multiple(x, self.side)


LAYER_RULES: tuple[Rule, ...] = (
    (r"^(layers\.\d+)\.layers\.", r"\1.blocks."),
    (r"(?<!\.attention)\.(?:win_mhsa\.)?(wqkv|relative_position_bias_table)\b", r".attention.\1"),
    (r"\.win_mhsa\.", ".attention."),
    (r"\.convffn(\d)\.(?:sg\.)?", r".feed_forward\1."),
    (r"\.assm\.route\.0\.", ".state_space.route.hidden."),
    (r"\.assm\.route\.2\.", ".state_space.route.logits."),
    (r"\.assm\.embeddingB\.weight", ".state_space.prompts.classes"),
    (r"\.embeddingA\.weight", ".state_space.prompts.mix"),
    (r"\.assm\.in_proj\.0\.", ".state_space.in_proj."),
    (r"\.assm\.CPE\.0\.", ".state_space.gate."),
    (r"\.assm\.selectiveScan\.x_proj_weight", ".state_space.scan.x_proj.weight"),
    (r"\.assm\.selectiveScan\.dt_projs_(weight|bias)", r".state_space.scan.dt_proj.\1"),
    (r"\.assm\.selectiveScan\.A_logs", ".state_space.scan.A_log"),
    (r"\.assm\.selectiveScan\.Ds", ".state_space.scan.D"),
    (r"\.assm\.", ".state_space."),
)
"""The authors' names in an attentive layer -> ours."""

UNBATCHED = ("scan.x_proj.weight", "scan.dt_proj.weight", "scan.dt_proj.bias")
"""What the authors store with a first axis of length 1, for the one direction of the scan."""

PRECISE_LAYER = ("state_space.route", "state_space.prompts", "state_space.scan")
"""What of an attentive layer stays in float32; a pixel in another class is no rounding error."""


def converted(state: State, rules: tuple[Rule, ...]) -> State:
    """Renamed, without the table of window offsets, which follows from the window's side."""
    return {
        key: value[0] if key.endswith(UNBATCHED) and value.shape[0] == 1 else value
        for key, value in renamed(state, *rules).items()
        if key != "relative_position_index_SA"
    }


RULES = (*swinir.RULES, *LAYER_RULES)


def read_config(shapes: Shapes) -> MambaIrConfig:
    shapes = renamed(shapes, *RULES)
    return MambaIrConfig(
        scale=math.isqrt(shapes["upsample.0.weight"][0] // 3),
        layer=read_layer(shapes, "layers.0.blocks.0"),
        groups=count(shapes, r"layers\.\d+\.conv\.weight"),
        layers=count(shapes, r"layers\.0\.blocks\.\d+\.scale1"),
    )


def convert(state: State, _config: MambaIrConfig) -> State:
    return converted(state, RULES)


def traits(config: MambaIrConfig) -> Traits:
    layers = (f"layers.{i}.blocks.{j}" for i in range(config.groups) for j in range(config.layers))
    return Traits(
        scale=config.scale,
        halo=32,
        grid=config.layer.side,
        exact_tiles=False,
        precise=(*PRECISE, *(f"{layer}.{part}" for layer in layers for part in PRECISE_LAYER)),
    )


def recognises(shapes: Shapes) -> bool:
    """The light form; the full-size network has other feed-forwards and another head."""
    layer = "layers.0.residual_group.layers.0"
    return f"{layer}.assm.selectiveScan.A_logs" in shapes and f"{layer}.convffn1.sg.conv.weight" in shapes


FAMILIES = (
    Family(
        name="mambairv2-light",
        recognises=recognises,
        read_config=read_config,
        build=MambaIr,
        traits=traits,
        convert=convert,
    ),
)

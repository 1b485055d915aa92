"""What the descendants of SwinIR share: the frame around their groups of blocks, windows, a feed-forward.

A picture's pixels lie in memory as N,H,W,C throughout: linear layers and norms take them as they are, and convolutions
see the same memory as N,C,H,W "channels last".  Source: Liang et al., "SwinIR", 2021, section 3.1.
"""

from collections.abc import Iterable

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import Linear, PixelShuffleHead, TokenNorm, conv3x3, depthwise, entering, mean_colour
from upscaler.networks.layout import Rule

RULES: tuple[Rule, ...] = ((r"^patch_embed\.norm\.", "embed_norm."), (r"\.residual_group\.", "."))
"""The authors' names of what is here -> ours."""


class Frame(nn.Module):
    """N,3,H,W in 0..1 -> N,3,H*scale,W*scale, not clipped.

    A convolution, a norm (unless not ``embedded``), groups that take and give N,H,W,C, a norm, a convolution, a long
    skip, a head.  The mean colour is taken off before and put back after.
    """

    def __init__(self, width: int, scale: int, groups: Iterable[nn.Module], *, embedded: bool = True) -> None:
        super().__init__()
        self.scale = scale
        self.conv_first = conv3x3(3, width)
        self.embed_norm = TokenNorm(width) if embedded else nn.Identity()
        self.layers = nn.ModuleList(groups)
        self.norm = TokenNorm(width)
        self.conv_after_body = conv3x3(width, width)
        self.upsample = PixelShuffleHead(width, scale)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        height, width = x.shape[2:]
        mean = mean_colour(x.device)
        shallow = self.conv_first(self.extended(x) - mean)
        deep = entering(self.layers, self.embed_norm(shallow.permute(0, 2, 3, 1)))
        for group in self.layers:
            deep = group(deep)
        y: Tensor = self.upsample(self.conv_after_body(self.norm(deep).permute(0, 3, 1, 2)) + shallow) + mean
        return y[:, :, : height * self.scale, : width * self.scale]

    def extended(self, x: Tensor) -> Tensor:
        """The picture with what this network adds to it at the bottom and right."""
        return x


PRECISE = ("conv_first", "embed_norm", "norm", "upsample")
"""What of a frame stays in float32."""


class Group(nn.Module):
    """Blocks, a convolution, and a skip around them; N,H,W,C."""

    def __init__(self, width: int, blocks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.conv = conv3x3(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(self.through(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return y + x

    def through(self, x: Tensor) -> Tensor:
        """The blocks, one after the other."""
        for block in self.blocks:
            x = block(x)
        return x


def cut(x: Tensor, side: int) -> Tensor:
    """N,H,W,C -> windows,side**2,C; H and W are multiples of ``side``."""
    n, height, width, channels = x.shape
    windows = x.reshape(n, height // side, side, width // side, side, channels).transpose(2, 3)
    return windows.reshape(-1, side * side, channels)


def placed(windows: Tensor, side: int, height: int, width: int) -> Tensor:
    """windows,side**2,C -> N,height,width,C."""
    channels = windows.shape[2]
    rows = windows.view(-1, height // side, width // side, side, side, channels).transpose(2, 3)
    return rows.reshape(-1, height, width, channels)


class FeedForward(nn.Module):
    """Per pixel to ``hidden`` channels and back; channels last."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = Linear(width, hidden)
        self.fc2 = Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return y


class ConvFeedForward(nn.Module):
    """Per pixel to ``hidden`` channels and back, with a 5x5 depthwise convolution added between; N,H,W,C."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = Linear(width, hidden)
        self.dwconv = depthwise(hidden, 5)
        self.fc2 = Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.gelu(self.fc1(x))
        around = F.gelu(self.dwconv(wide.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)
        y: Tensor = self.fc2(wide + around)
        return y


FEED_FORWARD_RULES: tuple[Rule, ...] = ((r"\.dwconv\.depthwise_conv\.0\.", ".dwconv."),)

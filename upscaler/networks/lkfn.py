"""LKFN: large depthwise kernels on half of the channels, and attention that looks at the spectrum.

Special: in every block a small network bends the real and the imaginary part of the map's Fourier transform; what comes
         back multiplies the map.  The spectrum is that of the picture's true size, so the input is never padded.
Source:  NTIRE 2024 report, team ZHEstar.
Reach:   the whole picture: there are no exact tiles.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import (
    BlueprintConv,
    ChannelNorm,
    FeatureDistillation,
    PixelShuffleHead,
    ResidualNetwork,
    conv1x1,
    depthwise,
)
from upscaler.networks.family import Family, Shapes, State, Traits, has
from upscaler.networks.layout import BSRN, Sizes, renamed, sizes


class PartialLargeKernel(nn.Module):
    """The first half of the channels through a depthwise 5x5, then all through a 1x1."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.pdw = depthwise(width // 2, 5, dilation=dilation)
        self.pw = conv1x1(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        seeing, blind = x.chunk(2, 1)
        result: Tensor = self.pw(torch.cat((self.pdw(seeing), blind), 1))
        return result


class FrequencyAttention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_layer1 = conv1x1(width, width // 2)
        self.conv_layer2 = conv1x1(width // 2, width // 2)
        self.conv_layer3 = conv1x1(width // 2, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        spectrum = torch.fft.rfft2(x, norm="ortho")
        bent = torch.complex(self.bend(spectrum.real), self.bend(spectrum.imag))
        # Bent spectra are not Hermitian, and what a library's ``irfft2`` makes of those is its own affair: hence in two
        # steps, of which the second is known to ignore the imaginary part of the first and of the Nyquist column.
        columns = torch.fft.ifft(bent, dim=2, norm="ortho")
        back: Tensor = torch.fft.irfft(columns, n=x.shape[3], dim=3, norm="ortho")
        return x * back

    def bend(self, plane: Tensor) -> Tensor:
        t = F.leaky_relu(self.conv_layer1(plane), 0.2)
        t = F.leaky_relu(self.conv_layer2(t), 0.2)
        bent: Tensor = plane + self.conv_layer3(t).float()
        return bent


class Block(FeatureDistillation):
    def __init__(self, width: int) -> None:
        super().__init__(width, width // 2, BlueprintConv, F.gelu, residual=False)
        self.c1_r = PartialLargeKernel(width)
        self.c2_r = PartialLargeKernel(width)
        self.c3_r = PartialLargeKernel(width, dilation=3)
        self.atten = FrequencyAttention(width)
        self.c6 = conv1x1(width, width)
        self.pixel_norm = ChannelNorm(width, 1e-5)

    def forward(self, x: Tensor, _window: Tensor | None = None) -> Tensor:
        fused = self.c6(self.atten(super().forward(x)))
        result: Tensor = self.pixel_norm(fused) + x
        return result


def build(config: Sizes) -> ResidualNetwork:
    width, depth = config.width, config.depth
    return ResidualNetwork(
        BlueprintConv(3, width),
        [Block(width) for _ in range(depth)],
        nn.Sequential(conv1x1(depth * width, width), nn.GELU(), BlueprintConv(width, width)),
        PixelShuffleHead(width, config.scale),
        fused=True,
    )


def read_config(shapes: Shapes) -> Sizes:
    return sizes(shapes, *BSRN, (r"^conv_1\.pw\.", "conv_1."))


def convert(state: State, _config: Sizes) -> State:
    """The network was fed its input four times side by side: the first weights of the four copies are summed."""
    own = renamed(state, *BSRN)
    first = own["conv_1.pw.weight"].double()
    own["conv_1.pw.weight"] = sum(torch.split(first, 3, 1), torch.zeros(())).float()
    return own


def traits(config: Sizes) -> Traits:
    # What is between ``c5`` and ``pixel_norm`` reaches thousands.
    sensitive = [f"blocks.{i}.{part}" for i in range(config.depth) for part in ("c5", "atten", "c6", "pixel_norm")]
    return Traits(scale=config.scale, halo=32, exact_tiles=False, precise=("conv_1", "upsampler", *sensitive))


FAMILIES = (
    Family(
        name="lkfn",
        recognises=has("B1.atten.conv_layer1.weight", "B1.c1_r.pdw.weight"),
        read_config=read_config,
        build=build,
        traits=traits,
        convert=convert,
    ),
)

"""The blocks that the networks share (``N,C,H,W`` throughout).

Layers here run in the type of their own weights: whatever comes in is cast first.  So one network can hold its
sensitive layers in float32 and the others in half precision (``Traits.precise``), and a sum of both is float32.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.window import resize_map


class Conv(nn.Conv2d):
    """A convolution, stride 1 and zero padding unless said otherwise, in the type of its own weights.

    ``reflect``: the padding mirrors the input instead, without repeating the edge.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 3,
        *,
        stride: int = 1,
        padding: int | tuple[int, int] | None = None,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        reflect: bool = False,
    ) -> None:
        if padding is None:
            padding = (
                kernel // 2 * dilation
                if isinstance(kernel, int)
                else (kernel[0] // 2 * dilation, kernel[1] // 2 * dilation)
            )
        super().__init__(
            inputs,
            outputs,
            kernel,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            padding_mode="reflect" if reflect else "zeros",
        )

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))


class Linear(nn.Linear):
    """A linear layer over the last axis, in the type of its own weights."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.to(self.weight.dtype))


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel; keys ``weight`` and ``bias``.  Computed in float32."""

    def __init__(self, channels: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        kind = self.weight.dtype
        y = F.layer_norm(
            x.permute(0, 2, 3, 1).float(), self.weight.shape, self.weight.float(), self.bias.float(), self.eps
        )
        return y.permute(0, 3, 1, 2).to(kind)


class TokenNorm(nn.LayerNorm):
    """Layer norm over the last axis, computed in float32; its result has the type of its own weights."""

    def forward(self, x: Tensor) -> Tensor:
        y = F.layer_norm(x.float(), self.normalized_shape, self.weight.float(), self.bias.float(), self.eps)
        return y.to(self.weight.dtype)


def conv1x1(inputs: int, outputs: int, *, bias: bool = True) -> Conv:
    return Conv(inputs, outputs, 1, bias=bias)


def conv3x3(inputs: int, outputs: int, *, bias: bool = True) -> Conv:
    return Conv(inputs, outputs, 3, bias=bias)


def depthwise(
    channels: int,
    kernel: int | tuple[int, int] = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    bias: bool = True,
    reflect: bool = False,
) -> Conv:
    return Conv(
        channels, channels, kernel, stride=stride, dilation=dilation, groups=channels, bias=bias, reflect=reflect
    )


def entering(body: nn.Module, x: Tensor) -> Tensor:
    """``x`` in the type that the body computes in, so that its inner skips are not carried in float32."""
    return x.to(next(body.parameters()).dtype)


Activation = Callable[[Tensor], Tensor]


def leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU with the slope of the whole RLFN family, 0.05."""
    return F.leaky_relu(x, 0.05)


class PixelShuffleHead(nn.Sequential):
    """One convolution to ``3 r r`` channels and a pixel shuffle; key ``0``."""

    def __init__(self, inputs: int, scale: int, *, kernel: int = 3, bias: bool = True, colours: int = 3) -> None:
        super().__init__(Conv(inputs, colours * scale**2, kernel, bias=bias), nn.PixelShuffle(scale))


def esa_cells(length: Tensor) -> Tensor:
    """Cells of ESA's map along an axis: a 3-convolution with stride 2, then a 7-pool with stride 3, unpadded."""
    return torch.div(length - 9, 6, rounding_mode="floor")


ESA_GRID = 6
"""Input pixels between two cells of ESA's map: tiles must start on multiples of it."""

ESA_MIN_SIZE = 15
"""The shortest axis on which ESA's map has a cell."""


class ESA(nn.Module):
    """Enhanced spatial attention: the input gated by a map made at a sixth of its resolution (RFDN, section 3.3).

    ``skip`` tells whether a 1x1 convolution stands between the squeezed input and the sum (kind A) or not (kind B).
    """

    def __init__(self, channels: int, squeezed: int = 16, *, skip: bool = True, bias: bool = True) -> None:
        super().__init__()
        self.conv1 = conv1x1(channels, squeezed, bias=bias)
        self.conv_f = conv1x1(squeezed, squeezed, bias=bias) if skip else nn.Identity()
        self.conv2 = Conv(squeezed, squeezed, 3, stride=2, padding=0, bias=bias)
        self.conv3 = conv3x3(squeezed, squeezed, bias=bias)
        self.conv4 = conv1x1(squeezed, channels, bias=bias)

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        squeezed: Tensor = self.conv1(x)
        cells = self.low_resolution(F.max_pool2d(self.conv2(squeezed), 7, 3))
        size = (x.shape[2], x.shape[3])
        gate: Tensor = self.conv4(resize_map(cells, size, window, esa_cells, ESA_GRID) + self.conv_f(squeezed))
        return x * gate.sigmoid()

    def low_resolution(self, cells: Tensor) -> Tensor:
        """What is done on the map itself."""
        result: Tensor = self.conv3(cells)
        return result


class DeepESA(ESA):
    """RFDN's own ESA (kind C): three convolutions on the map, the first two with ReLU."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__(channels, squeezed)
        self.conv_max = conv3x3(squeezed, squeezed)
        self.conv3_ = conv3x3(squeezed, squeezed)

    def low_resolution(self, cells: Tensor) -> Tensor:
        result: Tensor = self.conv3_(F.relu(self.conv3(F.relu(self.conv_max(cells)))))
        return result


class BlueprintConv(nn.Module):
    """A 1x1 without bias, then a depthwise 3x3: a full 3x3 whose kernels are multiples of one blueprint (BSRN)."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1, reflect: bool = False) -> None:
        super().__init__()
        self.pw = conv1x1(inputs, outputs, bias=False)
        self.dw = depthwise(outputs, stride=stride, reflect=reflect)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.dw(self.pw(x))
        return result


class LocalFeatureBlock(nn.Module):
    """RLFB: three activated convolutions, the input added, a last convolution, ESA (RLFN, section 3.2)."""

    def __init__(
        self, c1: nn.Module, c2: nn.Module, c3: nn.Module, c5: nn.Module, esa: ESA, activation: Activation
    ) -> None:
        super().__init__()
        self.c1_r, self.c2_r, self.c3_r, self.c5 = c1, c2, c3, c5
        self.esa = esa
        self.activation = activation

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        t = x
        for convolution in (self.c1_r, self.c2_r, self.c3_r):
            t = self.activation(convolution(t))
        result: Tensor = self.esa(self.c5(t + x), window)
        return result


class GatedFeedForward(nn.Module):
    """Widen, mix each channel with its neighbourhood, let one half gate the other, narrow (Restormer, section 3.2).

    ``activation`` is that of the gating half.
    """

    def __init__(self, width: int, hidden: int, activation: Activation = F.gelu) -> None:
        super().__init__()
        self.project_in = conv1x1(width, 2 * hidden, bias=False)
        self.dwconv = depthwise(2 * hidden, bias=False)
        self.project_out = conv1x1(hidden, width, bias=False)
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        gate, value = self.dwconv(self.project_in(x)).chunk(2, 1)
        result: Tensor = self.project_out(self.between(self.activation(gate) * value))
        return result

    def between(self, product: Tensor) -> Tensor:
        """What is done to the product before it is narrowed."""
        return product


class FeatureDistillation(nn.Module):
    """RFDB without its attention: three residual stages, each leaving a part of its input behind (RFDN, section 3.2).

    ``convolution`` makes the stages' convolutions from their inputs and outputs; ``last`` is the fourth stage's if
    that is of another kind.  ``residual``: each of the three adds its input.
    """

    def __init__(
        self,
        channels: int,
        distilled: int,
        convolution: Callable[[int, int], nn.Module],
        activation: Activation,
        *,
        last: nn.Module | None = None,
        residual: bool = True,
    ) -> None:
        super().__init__()
        self.c1_d, self.c2_d, self.c3_d = (conv1x1(channels, distilled) for _ in range(3))
        self.c1_r, self.c2_r, self.c3_r = (convolution(channels, channels) for _ in range(3))
        self.c4 = last or convolution(channels, distilled)
        self.c5 = conv1x1(4 * distilled, channels)
        self.activation = activation
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        parts = []
        for distil, refine in ((self.c1_d, self.c1_r), (self.c2_d, self.c2_r), (self.c3_d, self.c3_r)):
            parts.append(self.activation(distil(x)))
            x = self.activation(refine(x) + x if self.residual else refine(x))
        result: Tensor = self.c5(torch.cat((*parts, self.activation(self.c4(x))), 1))
        return result


class ResidualNetwork(nn.Module):
    """What most networks here are: a convolution, a chain of blocks, a convolution, a long skip around both, a head.

    N,3,H,W -> N,3,H*scale,W*scale, in the value range of the weights, not clipped.  Blocks are called with the window.
    ``fused``: ``conv_2`` takes the results of all blocks, side by side, rather than the last one.
    ``centred``: the mean colour is taken off before and put back after (for weights of the range 0..1).
    ``long_skip``: what the first convolution gives is added to what ``conv_2`` gives.
    ``image_skip``: the scale at which the input, enlarged bilinearly, is added to the output.
    """

    def __init__(
        self,
        conv_1: nn.Module,
        blocks: Iterable[nn.Module],
        conv_2: nn.Module,
        upsampler: nn.Module,
        *,
        fused: bool = False,
        centred: bool = False,
        long_skip: bool = True,
        image_skip: int | None = None,
    ) -> None:
        super().__init__()
        self.conv_1 = conv_1
        self.blocks = nn.ModuleList(blocks)
        self.conv_2 = conv_2
        self.upsampler = upsampler
        self.fused = fused
        self.centred = centred
        self.long_skip = long_skip
        self.image_skip = image_skip

    def forward(self, x: Tensor, window: Tensor | None = None) -> Tensor:
        # Zero padding of the first convolution then stands for the mean colour, so the shift is not folded into it.
        shift = mean_colour(x.device) if self.centred else 0
        shallow = self.conv_1(x - shift)
        deep = entering(self.blocks, shallow)
        results = []
        for block in self.blocks:
            deep = block(deep, window)
            if self.fused:
                results.append(deep)
        deep = self.conv_2(torch.cat(results, 1) if self.fused else deep)
        y: Tensor = self.upsampler(deep + shallow if self.long_skip else deep) + shift
        if self.image_skip:
            y = y + F.interpolate(x, scale_factor=self.image_skip, mode="bilinear", align_corners=False)
        return y


def convolve_each(x: Tensor, kernels: Tensor, bias: Tensor | None = None) -> Tensor:
    """Each picture of a batch with kernels of its own, zero padding, stride 1; the kernels' side is odd.

    Args:
        x: N,C,H,W.
        kernels: N,D,C / g,k,k for g groups, or 1,... for all pictures.
        bias: N,D or 1,D.
    """
    n, channels, height, width = x.shape
    pictures = kernels.shape[0]
    y = F.conv2d(
        x.reshape(n // pictures, pictures * channels, height, width),
        kernels.flatten(0, 1),
        None if bias is None else bias.flatten(),
        padding=kernels.shape[-1] // 2,
        groups=pictures * (channels // kernels.shape[2]),
    )
    return y.reshape(n, kernels.shape[1], height, width)


class GlobalStatistic(nn.Module):
    """A value of the whole picture.  The only place where a network may look at everything at once.

    The engine finds these modules, gathers their sums tile by tile over tile cores, and sets ``known`` before the tiles
    are computed in earnest.  In the forward pass they must be reached in the same order every time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.known: tuple[Tensor, ...] | None = None
        """The picture's (mean,) or (mean, variance), each N or 1,C,1,1 float32; None: of what comes in."""

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and population variance over H and W: two N,C,1,1 in float32."""
        x = x.float()
        mean = x.mean((2, 3), keepdim=True)
        # As exact as ``torch.var_mean``, and on a CPU many times as fast.
        return mean, (x - mean).square_().mean((2, 3), keepdim=True)


class GlobalMean(GlobalStatistic):
    """N,C,H,W -> N,C,1,1: the mean over the picture, computed in float32."""

    def forward(self, x: Tensor) -> Tensor:
        mean = self.known[0] if self.known is not None else x.float().mean((2, 3), keepdim=True)
        return mean.to(x.dtype)


class GlobalDeviation(GlobalStatistic):
    """N,C,H,W -> two N,C,1,1: mean and population variance over the picture, computed in float32."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, variance = self.known if self.known is not None else self.moments(x)
        return mean.to(x.dtype), variance.to(x.dtype)


class GlobalContrast(GlobalStatistic):
    """N,C,H,W -> N,C,1,1: deviation plus mean over the picture, computed and given in float32."""

    def forward(self, x: Tensor) -> Tensor:
        mean, variance = self.known if self.known is not None else self.moments(x)
        return variance.sqrt() + mean


class ContrastAttention(nn.Module):
    """Channels weighted by what two layers make of the picture's contrast (IMDN, section 3.3)."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.contrast = GlobalContrast()
        self.conv_du = nn.Sequential(conv1x1(channels, squeezed), nn.ReLU(), conv1x1(squeezed, channels), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x * self.conv_du(self.contrast(x))
        return result


class GlobalVariance(GlobalStatistic):
    """N,C,H,W -> N,C,1,1: the variance over the picture, divisor pixels - 1, computed and given in float32."""

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        _, variance = self.known if self.known is not None else self.moments(x)
        pixels = x.shape[2] * x.shape[3] if window is None else (window[:, 2] * window[:, 3]).view(-1, 1, 1, 1)
        return variance * (pixels / (pixels - 1))


def unit(x: Tensor) -> Tensor:
    """Each pixel's channels as a vector of length 1; computed in float32."""
    # ``F.normalize`` is much slower over channels.
    full = x.float()
    length = full.square().sum(1, keepdim=True).sqrt()
    return (full / length.clamp(min=1e-12)).to(x.dtype)


class Scale(nn.Module):
    """A factor for each channel; key ``scale``, 1,C,1,1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def mean_colour(device: torch.device) -> Tensor:
    """The mean of DIV2K, RGB in 0..1, as the EDSR code base has it: 1,3,1,1."""
    return torch.tensor((0.4488, 0.4371, 0.4040), device=device).view(1, 3, 1, 1)


def fold_expansion(w0: Tensor, b0: Tensor, w1: Tensor, b1: Tensor) -> tuple[Tensor, Tensor]:
    """A 1x1 (a,i,1,1) and a kxk (o,a,k,k) after it as one kxk, in float64.

    Exact at borders if the training form pads the map between them with ``b0`` (what the 1x1 makes of zero padding).
    """
    kernel = torch.einsum("omyx,mi->oiyx", w1.double(), w0.double()[:, :, 0, 0])
    bias = b1.double() + torch.einsum("omyx,m->o", w1.double(), b0.double())
    return kernel, bias


def fold_reduction(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """A kxk (m,i,k,k) and a 1x1 (o,m,1,1) after it as one kxk, in float64.  Always exact."""
    reduce = w2.double()[:, :, 0, 0]
    return torch.einsum("om,miyx->oiyx", reduce, w1.double()), reduce @ b1.double() + b2.double()


def add_at_centre(kernel: Tensor, pointwise: Tensor) -> Tensor:
    """A kxk kernel with a parallel 1x1 (o,i,1,1) added at its centre tap."""
    merged = kernel.clone()
    merged[:, :, kernel.shape[2] // 2, kernel.shape[3] // 2] += pointwise.to(kernel.dtype)[:, :, 0, 0]
    return merged


def fold_batch_norm(weight: Tensor, bias: Tensor, norm: Sequence[Tensor], eps: float = 1e-5) -> tuple[Tensor, Tensor]:
    """A convolution and the batch norm after it as one convolution, in float64.

    ``norm`` is the norm's weight, bias, running mean and running variance.
    """
    scale, shift, mean, variance = (t.double() for t in norm)
    factor = scale / (variance + eps).sqrt()
    return weight.double() * factor.view(-1, 1, 1, 1), (bias.double() - mean) * factor + shift


def fold_edge_branches(branches: Mapping[str, Tensor], *, identity: bool) -> tuple[Tensor, Tensor]:
    """An edge-oriented convolution block (ECBSR) as one 3x3, in float64; exact at borders, where it pads with ``b0``.

    Branches: ``conv3x3``; ``conv1x1_3x3`` (an expansion); Sobel and Laplacian filters behind a 1x1 each, with the masks
    that the file has.  ``identity`` (the input itself is added) leaves no tensor behind: it is the design's to know.
    """
    kernel, bias = branches["conv3x3.weight"].double(), branches["conv3x3.bias"].double()
    folded = [fold_expansion(*(branches[f"conv1x1_3x3.{part}"] for part in ("k0", "b0", "k1", "b1")))]
    for name in ("conv1x1_sbx", "conv1x1_sby", "conv1x1_lpl"):
        k0, b0, scale, shift, mask = (branches[f"{name}.{part}"] for part in ("k0", "b0", "scale", "bias", "mask"))
        diagonal = torch.diag_embed((scale.double() * mask.double())[:, 0].permute(1, 2, 0)).permute(2, 3, 0, 1)
        folded.append(fold_expansion(k0, b0, diagonal, shift))
    for more, shift in folded:
        kernel, bias = kernel + more, bias + shift
    if identity:
        kernel = add_at_centre(kernel, torch.eye(len(kernel))[:, :, None, None])
    return kernel, bias

"""Convolutions by our own kernels, in place of torch's."""

import ctypes
import threading
from collections.abc import Sequence
from copy import copy
from enum import IntEnum
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.engine.native.library import library
from upscaler.networks.blocks import Conv
from upscaler.networks.span import attended

TO_TILES = torch.tensor(
    (
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ),
    dtype=torch.float64,
)
"""What makes 6x6 of a 3x3 kernel from either side: G of F(4, 3) (Lavin and Gray, section 4.3)."""

PIECES = 8
"""Tensors, at most, whose channels a 1x1 convolution takes as if they were one."""

SHORTEST = 24
"""Pixels that the kernel for 1x1 convolutions works on at once."""


BOUND_BY_MEMORY = 128 * 128
"""Weights of a 1x1 convolution up to which bfloat16 saves memory traffic rather than products."""


class Finish(IntEnum):
    """What is done to a sum h before it is stored; x is a second operand."""

    ADD = 0
    """h + x, h alone if there is no x; so for the next two"""

    LEAKY = 1
    """leaky ReLU, with a slope for each channel"""

    SILU = 2
    GATE = 3
    """SPAN's attention: (h + x) (sigmoid(h) - 0.5)"""

    ATTENTION = 4
    """x sigmoid(h)"""


class NativeConv(nn.Module):
    """Stands in the place of ``layer`` and computes in the type of its weights; sums are float32 always.

    ``weight`` (D,C,k,k) and ``bias`` (D) are the layer's in float32.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layer: "nn.Conv2d | NativeConv", weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        # Networks ask for a layer's type by its weights.
        self.weight, self.bias = layer.weight, layer.bias
        self.outputs, self.inputs = weight.shape[:2]
        self.finish, self.slope = Finish.ADD, torch.zeros(self.outputs)
        self._shift = in_blocks(torch.zeros(self.outputs) if bias is None else bias)
        self._slopes = in_blocks(self.slope)

    def ending(self, finish: Finish, slope: Tensor | float = 0.0) -> Self:
        """The same layer, ``finish`` done too; ``slope``: of leaky ReLU, one or one for each channel."""
        new = copy(self)
        new.finish, new.slope = finish, torch.as_tensor(slope, dtype=torch.float32).detach().expand(self.outputs)
        new._slopes = in_blocks(new.slope)
        return new

    def forward(self, x: Tensor | Sequence[Tensor], other: Tensor | None = None) -> Tensor:
        """N,C,H,W (or several, side by side in their channels) -> N,D,H,W; ``other``: the second operand."""
        pieces = [x] if isinstance(x, Tensor) else list(x)
        if other is None or (
            other.dtype == self.weight.dtype
            and other.shape == (len(pieces[0]), self.outputs, *pieces[0].shape[2:])
            and self.outputs >= library().upscaler_lanes()  # vectors would read beyond the end of fewer channels
        ):
            return self._run(pieces, other)
        return finished(self.ending(Finish.ADD)._run(pieces, None), other, self.finish, self.slope)

    def _run(self, pieces: list[Tensor], other: Tensor | None) -> Tensor:
        raise NotImplementedError

    def _last_arguments(self, scratch: int) -> tuple[object, ...]:
        """Those of each kernel: the end, its slopes, floats of scratch for each thread, and how many threads."""
        threads = torch.get_num_threads()
        return int(self.finish), _address(self._slopes), _address(_scratch(scratch * threads)), threads


class Conv3x3(NativeConv):
    """By Winograd's minimal filtering.  float32 and bfloat16."""

    def __init__(self, layer: "nn.Conv2d | NativeConv", weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(layer, weight, bias)
        self._full = weight, bias
        self._side = 1
        kernels = torch.einsum("ai,dcij,bj->abcd", TO_TILES, weight.double(), TO_TILES)
        self._kernels = in_blocks(kernels.reshape(36, self.inputs, self.outputs))
        self._scratch = int(library().upscaler_scratch(self.inputs, self.outputs))

    @staticmethod
    def suits(layer: nn.Conv2d) -> bool:
        return (
            layer.kernel_size == (3, 3)
            and layer.stride == layer.dilation == layer.padding == (1, 1)
            and layer.groups == 1
            and layer.padding_mode == "zeros"
            and layer.in_channels >= library().upscaler_lanes()
            and layer.weight.dtype in (torch.float32, torch.bfloat16)
        )

    def shuffled(self, side: int) -> "Conv3x3":
        """The same layer and a pixel shuffle by ``side`` after it."""
        # The results of a pixel in the order in which they will lie: row, column, colour.
        order = torch.arange(self.outputs).view(-1, side * side).t().flatten()
        weight, bias = self._full
        new = Conv3x3(self, weight[order], None if bias is None else bias[order])
        new._side = side
        return new

    def _run(self, pieces: list[Tensor], other: Tensor | None) -> Tensor:
        (x,) = pieces
        dtype, side = self.weight.dtype, self._side
        x = _lying(x.to(dtype))
        n, _, height, width = x.shape
        size = (n, self.outputs // side**2, height * side, width * side)
        y = torch.empty(size, dtype=dtype, memory_format=torch.channels_last)
        other = None if other is None else _lying(other)
        library().upscaler_conv3x3(
            _address(x),
            _strides(x),
            None if other is None else _address(other),
            _strides(y if other is None else other),
            _address(self._kernels),
            _address(self._shift),
            _address(y),
            _strides(y),
            (ctypes.c_int * 6)(n, height, width, self.inputs, self.outputs, side),
            int(dtype == torch.bfloat16),
            *self._last_arguments(self._scratch),
        )
        return y


class Conv1x1(NativeConv):
    """A matrix product for each pixel.  float32, and bfloat16 where so few channels that memory bounds it."""

    def __init__(self, layer: "nn.Conv2d | NativeConv", weight: Tensor, bias: Tensor | None) -> None:
        super().__init__(layer, weight, bias)
        self._matrix = in_blocks(weight[:, :, 0, 0].t())

    @staticmethod
    def suits(layer: nn.Conv2d) -> bool:
        return (
            layer.kernel_size == layer.stride == (1, 1)
            and layer.padding == (0, 0)
            and layer.groups == 1
            and layer.out_channels >= library().upscaler_lanes()
            and (
                layer.weight.dtype == torch.float32
                or (layer.weight.dtype == torch.bfloat16 and layer.weight.numel() <= BOUND_BY_MEMORY)
            )
        )

    def _run(self, pieces: list[Tensor], other: Tensor | None) -> Tensor:
        n, _, height, width = pieces[0].shape
        pixels, count = n * height * width, len(pieces)
        if pixels < SHORTEST:
            return finished(
                F.conv2d(torch.cat(pieces, 1).to(self.weight.dtype), self.weight, self.bias),
                other,
                self.finish,
                self.slope,
            )
        dtype = self.weight.dtype
        lines = [_in_line(piece.to(dtype)) for piece in pieces]
        y = torch.empty((n, self.outputs, height, width), dtype=dtype, memory_format=torch.channels_last)
        second, step = (None, 0) if other is None else _in_line(other)
        library().upscaler_conv1x1(
            (ctypes.c_void_p * count)(*[line.data_ptr() for line, _ in lines]),
            (ctypes.c_long * count)(*[step for _, step in lines]),
            (ctypes.c_long * count)(*[line.shape[1] for line, _ in lines]),
            count,
            None if second is None else _address(second),
            ctypes.c_long(step),
            _address(self._matrix),
            _address(self._shift),
            _address(y),
            ctypes.c_long(pixels),
            self.outputs,
            int(dtype == torch.bfloat16),
            *self._last_arguments(SHORTEST * (self._matrix.shape[1] + self.inputs)),
        )
        return y


KINDS: tuple[type[Conv3x3] | type[Conv1x1], ...] = (Conv3x3, Conv1x1)


def kind_for(layer: nn.Module) -> type[Conv3x3] | type[Conv1x1] | None:
    """Which kernel computes the layer, if one does."""
    # A class of its own may do more than convolve.
    if not isinstance(layer, nn.Conv2d) or type(layer).forward not in (nn.Conv2d.forward, Conv.forward):
        return None
    return next((kind for kind in KINDS if kind.suits(layer)), None)


def native(layer: nn.Conv2d, full: nn.Conv2d) -> NativeConv | None:
    """The kernel's layer for that of torch, if there is one; ``full`` is the same in float32."""
    kind = kind_for(layer)
    bias = None if full.bias is None else full.bias.detach()
    return kind(layer, full.weight.detach(), bias) if kind else None


def finished(h: Tensor, x: Tensor | None, finish: Finish, slope: Tensor) -> Tensor:
    """What a kernel makes of its sums, by torch."""
    if x is not None and finish is Finish.GATE:
        return attended(h, x)
    if x is not None and finish is Finish.ATTENTION:
        return x * h.sigmoid()
    total = h if x is None else h + x
    if finish is Finish.SILU:
        return F.silu(total)
    if finish is Finish.LEAKY:
        return F.prelu(total, slope.to(total.dtype))
    return total


def in_blocks(values: Tensor) -> Tensor:
    """..., D -> ..., a vector's width for each block of results, float32.

    The last block overlaps the one before, so that none is cut; one alone is filled up with zeros.
    """
    lanes, count = library().upscaler_lanes(), values.shape[-1]
    starts = [max(min(start, count - lanes), 0) for start in range(0, count, lanes)]
    places = torch.cat([torch.arange(start, start + lanes) for start in starts])
    return F.pad(values, (0, max(lanes - count, 0)))[..., places].float().contiguous()


class _Kept(threading.local):
    """Scratch of the calls of one thread."""

    floats = torch.zeros(0)


_kept = _Kept()


def _scratch(count: int) -> Tensor:
    if len(_kept.floats) < count:
        _kept.floats = torch.zeros(count)
    return _kept.floats


def _lying(x: Tensor) -> Tensor:
    """With the channels of a pixel side by side."""
    return x if x.stride(1) == 1 else x.contiguous(memory_format=torch.channels_last)


def _in_line(x: Tensor) -> tuple[Tensor, int]:
    """With all pixels at one distance, and that distance in elements."""
    _, channels, height, width = x.shape
    pixel = x.stride(3)
    if (x.stride(1), x.stride(2), x.stride(0)) == (1, pixel * width, pixel * width * height):
        return x, pixel
    return x.contiguous(memory_format=torch.channels_last), channels


def _address(x: Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(x.data_ptr())


def _strides(x: Tensor) -> ctypes.Array[ctypes.c_long]:
    return (ctypes.c_long * 3)(x.stride(0), x.stride(2), x.stride(3))

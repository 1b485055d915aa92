"""ESA at several scales, from maxima and variances of pools of different size (MSN, AGDN, HARN)."""

from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn

from upscaler.networks.blocks import conv1x1
from upscaler.networks.window import resize_map


def local_variance(x: Tensor, side: int) -> Tensor:
    """Of windows of that side with stride 3, borders mirrored by one, divisor pixels - 1; computed in float32."""
    windows = F.pad(x.float(), (1, 1, 1, 1), mode="reflect").unfold(2, side, 3).unfold(3, side, 3)
    return windows.var((-2, -1)).to(x.dtype)


def pooled_cells(length: Tensor, reduction: int, side: int) -> Tensor:
    """Cells along an axis after convolutions that keep one value in ``reduction``, then a pool with stride 3.

    ``side``: of an unpadded pool; one of ``side + 2`` that is padded by 1 has as many.
    """
    return ((length - 1) // reduction + 1 - side) // 3 + 1


class MultiScaleESA(nn.Module):
    """N,C,H,W gated by the sum of three maps.

    ``convolution`` makes the separable convolutions from inputs and outputs; those of ``shrinking`` keep one value in
    ``reduction`` along each axis.
    """

    def __init__(
        self,
        channels: int,
        squeezed: int,
        convolution: Callable[[int, int], nn.Module],
        shrinking: Callable[[int, int], nn.Module],
        reduction: int,
    ) -> None:
        super().__init__()
        self.reduction = reduction
        self.conv1 = conv1x1(channels, squeezed)
        self.conv_f = conv1x1(squeezed, squeezed)
        self.conv2_0, self.conv2_1, self.conv2_2, self.conv2_3 = (shrinking(squeezed, squeezed) for _ in range(4))
        self.conv_max_0, self.conv_max_1, self.conv_max_2 = (convolution(squeezed, squeezed) for _ in range(3))
        self.conv3_0, self.conv3_1, self.conv3_2 = (convolution(squeezed, squeezed) for _ in range(3))
        self.conv4 = conv1x1(squeezed, channels)

    def forward(self, x: Tensor, window: Tensor | None) -> Tensor:
        squeezed = self.conv1(x)
        near = F.max_pool2d(self.conv2_0(squeezed), 3, 3, 1)
        middle = F.max_pool2d(self.conv2_1(squeezed), 5, 3)
        far = F.max_pool2d(self.conv2_2(squeezed), 7, 3, 1) + local_variance(self.conv2_3(squeezed), 7)
        near = self.conv3_0(F.gelu(self.conv_max_0(near)))
        middle = self.conv3_1(F.gelu(self.conv_max_1(middle)))
        far = self.conv3_2(F.gelu(self.conv_max_2(far)))
        maps = spread(near, x, window, self.reduction, 1) + spread(middle + far, x, window, self.reduction, 5)
        gate: Tensor = self.conv4(maps + self.conv_f(squeezed))
        return x * gate.sigmoid()


def spread(cells: Tensor, x: Tensor, window: Tensor | None, reduction: int, side: int) -> Tensor:
    """A map resized to N,C,H,W that it was pooled from (``side`` as in ``pooled_cells``)."""
    size = (x.shape[2], x.shape[3])
    return resize_map(cells, size, window, lambda length: pooled_cells(length, reduction, side), 3 * reduction)

"""Floats to whole numbers in one pass, where torch and numpy take four."""

import ctypes

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from upscaler.engine.native.library import loaded


def quantised(y: Tensor, into: npt.NDArray[np.generic]) -> bool:
    """3,H,W float32 in 0..1, channels last -> H,W,3 of uint8 or uint16: clipped, rounded to nearest (ties to even).

    ``into`` may be a part of the rows and columns of a larger array.  False, and nothing done: the kernels are not
    loaded, or the arrays lie otherwise.
    """
    count = y.shape[0] * y.shape[2]
    kernels = loaded()
    if kernels is None or not (
        y.dtype == torch.float32
        and into.dtype in (np.uint8, np.uint16)
        and y.stride(0) == into.strides[2] // into.itemsize == 1
        and y.stride(2) == into.strides[1] // into.itemsize == y.shape[0]
    ):
        return False
    kernels.upscaler_quantise(
        ctypes.c_void_p(y.data_ptr()),
        ctypes.c_long(y.stride(1)),
        ctypes.c_void_p(into.ctypes.data),
        ctypes.c_long(into.strides[0] // into.itemsize),
        ctypes.c_long(y.shape[1]),
        ctypes.c_long(count),
        int(into.dtype == np.uint16),
        torch.get_num_threads(),
    )
    return True

"""In which type a network computes."""

from copy import deepcopy
from typing import Literal

import torch
from torch import nn

from upscaler.models.model import Model
from upscaler.networks.family import Traits

Precision = Literal["auto", "fp32", "fp16", "bf16"]

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def pick(wish: Precision, model: Model, device: torch.device) -> torch.dtype:
    """The type for the network's body.  ``auto``: half precision where the device is faster with it."""
    if wish != "auto":
        return DTYPES[wish]
    if device.type == "cpu":
        return torch.bfloat16 if cpu_computes_bf16() else torch.float32
    return torch.float32


def cpu_computes_bf16() -> bool:
    """The processor multiplies bfloat16 itself (AVX-512 BF16 or AMX); otherwise it would be slower than float32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def converted(network: nn.Module, traits: Traits, dtype: torch.dtype) -> nn.Module:
    """A copy for inference, channels last, its body in ``dtype`` and ``Traits.precise`` in float32."""
    copy = deepcopy(network).eval().requires_grad_(False)
    for name, module in copy.named_modules():
        if not any(name == prefix or name.startswith(f"{prefix}.") for prefix in traits.precise):
            _convert_own(module, dtype)
    nhwc: nn.Module = copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own stub lacks it
    return nhwc


def _convert_own(module: nn.Module, dtype: torch.dtype) -> None:
    """The tensors of this module, not those of its children."""
    for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
        if tensor.is_floating_point():
            tensor.data = tensor.data.to(dtype)

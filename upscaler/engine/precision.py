"""In which type a network computes."""

from typing import Literal, cast, get_args

import torch

from upscaler.errors import DeviceError, UsageError
from upscaler.models.model import Model

Precision = Literal["auto", "fp32", "fp16", "bf16"]

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}

NAMES = {dtype: name for name, dtype in DTYPES.items()}

BF16_LOSS = 0.03
"""dB on Set5 that bf16 may cost to be taken without being asked for."""


def pick(wish: Precision, model: Model, device: torch.device) -> torch.dtype:
    """The type for the network's body.

    ``auto``: half precision where the device is faster with it and the card does not speak against it; a card that says
    nothing does not.  Raises DeviceError for half precision that the device cannot do.
    """
    if wish == "auto":
        return _fastest(model, device)
    if wish == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise DeviceError(f"{device} cannot compute in bf16; fp16 and fp32 are possible.")
    return DTYPES[wish]


def _fastest(model: Model, device: torch.device) -> torch.dtype:
    if device.type == "cpu":
        return torch.bfloat16 if cpu_computes_bf16() and bf16_is_good_enough(model) else torch.float32
    # fp16 rounds eight times finer than bf16, and what overflows is repeated in float32.
    return torch.float16


def worth_timing(device: torch.device) -> list[Precision]:
    """Those in which the device may be fast."""
    if device.type == "cpu":
        return ["fp32", "bf16"] if cpu_computes_bf16() else ["fp32"]
    return ["fp32", "fp16"]


def named(text: str) -> Precision:
    """A precision's name.  Raises UsageError for one that is not known."""
    for name in get_args(Precision):
        if text == name:
            return cast("Precision", name)
    raise UsageError(f"There is no precision {text!r}; there is {', '.join(get_args(Precision))}.")


def cpu_computes_bf16() -> bool:
    """The processor multiplies bfloat16 itself (AVX-512 BF16 or AMX); otherwise it would be slower than float32."""
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def bf16_is_good_enough(model: Model) -> bool:
    """The card tells of no greater loss than ``BF16_LOSS``."""
    card = model.card.precision if model.card else None
    return card is None or card.bf16_loss_db is None or card.bf16_loss_db <= BF16_LOSS

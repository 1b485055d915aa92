"""The selective scan of state-space networks (Mamba), without a loop over pixels.

A sequence u of tokens drives, for each channel c and state s, the recurrence

    h[t] = exp(step[t, c] * decay[c, s]) * h[t - 1] + step[t, c] * u[t, c] * enter[t, s],    h[-1] = 0
    y[t, c] = sum over s of h[t] * leave[t, s]

with step > 0 and decay < 0 (Gu and Dao, "Mamba", 2023, algorithm 2; the input's exact discretisation is left out).

The recurrence is linear, so the sequence is cut into K chunks of T tokens that run side by side: once from nothing, to
learn what each chunk adds to the state; then K small steps carry the state from chunk to chunk; then once more from
the right states.  Only sums of numbers below zero are ever exponentiated, so nothing can overflow however long the
chunk or fast the decay.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import register_flop_formula

from upscaler.networks.blocks import Linear

CACHE = 1 << 21
"""Numbers of state kept at once on a processor, 8 MB: longer sequences go segment by segment."""

DEVICE = 1 << 28
"""The same on an accelerator, where few wide steps are faster than many narrow ones."""


@torch.library.custom_op("upscaler::selective_scan", mutates_args=())
def selective_scan(u: Tensor, step: Tensor, decay: Tensor, enter: Tensor, leave: Tensor) -> Tensor:
    """N,L,C from ``u`` and ``step`` N,L,C, ``decay`` C,S, ``enter`` and ``leave`` N,L,S; all float32.

    One operator, so that compilers and counters see it as one.
    """
    batch, length, channels = u.shape
    states = decay.shape[1]
    rate = decay.t().contiguous()
    most = (CACHE if u.device.type == "cpu" else DEVICE) // (batch * channels * states)
    most = max(math.isqrt(most), 1) ** 2  # square: as many chunks as tokens in each, nothing to fill up
    state = u.new_zeros(batch, states, channels)
    pieces = []
    for start in range(0, length, most):
        part = slice(start, start + most)
        y, state = _segment(u[:, part] * step[:, part], step[:, part], rate, enter[:, part], leave[:, part], state)
        pieces.append(y)
    return torch.cat(pieces, 1)


@selective_scan.register_fake
def _(u: Tensor, step: Tensor, decay: Tensor, enter: Tensor, leave: Tensor) -> Tensor:
    return torch.empty_like(u, memory_format=torch.contiguous_format)


@register_flop_formula(torch.ops.upscaler.selective_scan)
def _count(u: Sequence[int], _step: Sequence[int], decay: Sequence[int], *_: Any, **__: Any) -> int:
    """Two operations for each of four multiply-adds for each token, channel and state: decay, input, sum, output."""
    return 8 * math.prod(u) * decay[1]


def _segment(
    inputs: Tensor, step: Tensor, rate: Tensor, enter: Tensor, leave: Tensor, state: Tensor
) -> tuple[Tensor, Tensor]:
    """What a segment gives (N,L,C), and the state N,S,C after it."""
    batch, length, channels = inputs.shape
    chunk = max(math.isqrt(length), 1)
    chunks = -(-length // chunk)

    def laid_out(x: Tensor) -> Tensor:
        """N,L,X -> T,NK,X; the end is filled with zeros: no decay, no input."""
        if chunk * chunks > length:
            x = F.pad(x, (0, 0, 0, chunk * chunks - length))
        return x.reshape(batch, chunks, chunk, -1).permute(2, 0, 1, 3).reshape(chunk, batch * chunks, -1)

    step, inputs = laid_out(step), laid_out(inputs).unsqueeze(2)
    enter, leave = laid_out(enter).unsqueeze(3), laid_out(leave).unsqueeze(3)
    decays = (step.unsqueeze(2) * rate).exp_()

    gained = torch.zeros_like(decays[0])
    for t in range(chunk):
        gained = (inputs[t] * enter[t]).addcmul_(decays[t], gained)

    over_chunk = (step.sum(0).unsqueeze(1) * rate).exp_().view(batch, chunks, -1, channels)
    gained = gained.view(batch, chunks, -1, channels)
    starts = torch.empty_like(gained)
    for k in range(chunks):
        starts[:, k] = state
        state = torch.addcmul(gained[:, k], over_chunk[:, k], state)

    h = starts.view(batch * chunks, -1, channels)
    y = torch.empty_like(inputs)
    for t in range(chunk):
        h = (inputs[t] * enter[t]).addcmul_(decays[t], h)
        torch.sum(h * leave[t], 1, keepdim=True, out=y[t])
    result = y.view(chunk, batch, chunks, channels).permute(1, 2, 0, 3).reshape(batch, chunk * chunks, channels)
    return result[:, :length], state


class SelectiveScan(nn.Module):
    """Tokens N,L,C -> N,L,C: step, input and output weights of the scan are made from the tokens themselves.

    Everything here is float32, whatever the rest of the network computes in: list it under ``Traits.precise``.
    """

    def __init__(self, channels: int, states: int, rank: int) -> None:
        super().__init__()
        self.x_proj = Linear(channels, rank + 2 * states, bias=False)
        self.dt_proj = Linear(rank, channels)
        self.A_log = nn.Parameter(torch.zeros(channels, states))
        self.D = nn.Parameter(torch.zeros(channels))
        self.widths = (rank, states, states)

    def forward(self, tokens: Tensor, prompts: Tensor | None = None) -> Tensor:
        """``prompts`` (N,L,S) are added to the output weights, if given."""
        tokens = tokens.float()
        step, enter, leave = self.x_proj(tokens).split(self.widths, -1)
        if prompts is not None:
            leave = leave + prompts
        steps = F.softplus(self.dt_proj(step))
        y: Tensor = selective_scan(tokens, steps, -self.A_log.exp(), enter, leave)
        return y.addcmul_(tokens, self.D)

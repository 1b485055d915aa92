"""Attention inside windows of a feature map, without ever holding a matrix of scores; and between its channels.

``scaled_dot_product_attention`` computes scores, softmax and sum block by block, provided that the bias has four
dimensions and asks for no gradient: otherwise torch silently takes its plain path, slower and holding every score.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOWS_AT_ONCE = 64
"""Rows of windows are taken together up to about this many windows: more costs memory and gains nothing."""


def window_attention(qkv: Tensor, heads: int, side: int, bias: Tensor, *, scale: float | None = None) -> Tensor:
    """Attention of every pixel to the pixels of its own window.

    Args:
        qkv: N,3*C,H,W; the channels are queries, keys, values, each head after head; H and W are multiples of ``side``.
        heads: how many; each has C / heads channels and its scores are divided by the root of that.
        side: of the square windows, in pixels; the first lies at the top left.
        bias: heads,side**2,side**2, added to the scores [query, key]; one for all windows, never copied per window.
        scale: what the scores are multiplied by instead.

    Returns:
        N,C,H,W in the memory order channels last.
    """
    n, channels, height, width = qkv.shape
    parts = qkv.view(n, 3, heads, channels // 3 // heads, height, width)
    return attention_within(parts, (side, side), bias, scale=scale)


def attention_within(
    parts: Tensor, sides: tuple[int, int], bias: Tensor | None, *, scale: float | None = None
) -> Tensor:
    """The same from N,(query,key,value),heads,depth,H,W, in windows of ``sides`` (rows, columns).

    ``scale``: what the scores are multiplied by, if not the usual.
    """
    n, _, heads, depth, height, width = parts.shape
    rows, columns = height // sides[0], width // sides[1]
    # N,(q,k,v),head,channel,row,y,column,x -> (q,k,v),N,row,column,head,(y,x),channel
    cut = parts.view(n, 3, heads, depth, rows, sides[0], columns, sides[1]).permute(1, 0, 4, 6, 2, 5, 7, 3)
    query, key, value = cut.reshape(3, n * rows * columns, heads, sides[0] * sides[1], depth)
    mask = None if bias is None else bias.to(query.dtype)[None]
    result = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)
    # N,row,column,head,y,x,channel -> N,(row,y),(column,x),(head,channel) -> N,C,H,W
    placed = result.view(n, rows, columns, heads, *sides, depth).permute(0, 1, 4, 2, 5, 3, 6)
    return placed.reshape(n, height, width, heads * depth).permute(0, 3, 1, 2)


def shifted_window_attention(
    qkv: Tensor, heads: int, side: int, bias: Tensor, shift: int, *, scale: float | None = None
) -> Tensor:
    """The same in windows that begin ``shift`` pixels further down and right; smaller ones fill the picture's border.

    Swin (section 3.2) rolls the picture, so that a window beyond the border holds what the first ones left out, and
    hides from each other the pixels that do not belong together.  What can see each other is the same here.
    """
    n, channels, height, width = qkv.shape
    parts = qkv.view(n, 3, heads, channels // 3 // heads, height, width)
    rows = [
        torch.cat(
            [
                attention_within(
                    parts[..., top:bottom, left:right], (high, wide), _of_corner(bias, side, high, wide), scale=scale
                )
                for left, right, wide in _strips(width, side, shift)
            ],
            3,
        )
        for top, bottom, high in _strips(height, side, shift)
    ]
    return torch.cat(rows, 2)


def _strips(length: int, side: int, shift: int) -> list[tuple[int, int, int]]:
    """(start, stop, side of the windows) along an axis; length is a multiple of ``side``."""
    end = length - side + shift
    strips = [(0, shift, shift), (shift, end, side), (end, length, side - shift)]
    return [(start, stop, window) for start, stop, window in strips if start < stop]


def _of_corner(bias: Tensor, side: int, height: int, width: int) -> Tensor:
    """The bias between the pixels of a smaller window; it depends on their offsets only."""
    corner = bias.view(-1, side, side, side, side)[:, :height, :width, :height, :width]
    return corner.reshape(bias.shape[0], height * width, height * width)


def rows_of_windows(height: int, width: int, side: int) -> list[tuple[int, int]]:
    """(top, bottom) of strips of whole windows, each of about ``WINDOWS_AT_ONCE``; the last may end in part of one."""
    step = max(WINDOWS_AT_ONCE // -(-width // side), 1) * side
    return [(top, min(top + step, height)) for top in range(0, height, step)]


def relative_bias(table: Tensor, side: int) -> Tensor:
    """heads,(2 side - 1)**2 -> heads,side**2,side**2: [query, key] reads the entry of the place key minus query.

    An entry's place is (row difference + side - 1) * (2 side - 1) + column difference + side - 1.
    """
    heads, width = table.shape[0], 2 * side - 1
    # Sub-window (a, b) of the table starts at the difference (a - side + 1, b - side + 1): that of query side - 1 - a.
    windows: Tensor = table.view(heads, width, width).unfold(1, side, 1).unfold(2, side, 1)
    return windows.flip(1, 2).reshape(heads, side * side, side * side)


def reflect_to_multiple(x: Tensor, side: int, axes: tuple[int, int] = (2, 3)) -> Tensor:
    """N,C,H,W extended at the bottom and right to multiples of ``side`` by reflection that does not repeat the edge.

    Goes on reflecting where an axis is shorter than what it lacks.  ``axes``: where H and W are.
    """
    for axis in axes:
        length = x.shape[axis]
        missing = -length % side
        if missing:
            place = torch.arange(length + missing, device=x.device) % max(2 * length - 2, 1)
            x = x.index_select(axis, torch.minimum(place, 2 * length - 2 - place) if length > 1 else place * 0)
    return x


def mirror_to_multiple(x: Tensor, side: int) -> Tensor:
    """N,C,H,W extended at the bottom and right to multiples of ``side`` by reflection that repeats the edge."""
    for axis in (2, 3):
        length = x.shape[axis]
        missing = -length % side
        if missing:
            place = torch.arange(length + missing, device=x.device) % (2 * length)
            x = x.index_select(axis, torch.minimum(place, 2 * length - 1 - place))
    return x


def channel_attention(query: Tensor, key: Tensor, value: Tensor, temperature: Tensor) -> Tensor:
    """Attention between the channels of each head, over all pixels (Restormer, section 3.1); scores in float32.

    Args:
        query: N,C,H,W, head after head; each channel is divided by its length over all pixels.
        key: N,C,H,W, likewise.
        value: N,C,H,W.
        temperature: heads,1,1: what the cosines are multiplied by.

    Returns:
        N,C,H,W in the type of ``value``.
    """
    n, channels, height, width = value.shape
    heads = temperature.shape[0]

    def split(x: Tensor) -> Tensor:
        """N,heads,pixels,depth: a view if x is channels last."""
        return x.permute(0, 2, 3, 1).reshape(n, height * width, heads, channels // heads).transpose(1, 2)

    query, key = split(query).float(), split(key).float()
    # The lengths divide the few scores instead of the many pixels.
    lengths = query.norm(dim=2).clamp(min=1e-12).unsqueeze(3) * key.norm(dim=2).clamp(min=1e-12).unsqueeze(2)
    scores = query.transpose(2, 3) @ key / lengths * temperature.float()
    result: Tensor = split(value) @ scores.softmax(-1).transpose(2, 3).to(value.dtype)
    return result.transpose(1, 2).reshape(n, height, width, channels).permute(0, 3, 1, 2)

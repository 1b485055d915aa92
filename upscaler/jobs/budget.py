"""How the memory that a job may use is shared out: the network's tiles, and what waits before and behind it."""

from __future__ import annotations

WAITING = 256 << 20
"""Bytes that wait for the network at most, and as many that wait for the encoder."""


def waiting(memory: int | None) -> int:
    """Bytes that may wait for the network, and as many for the encoder; ``memory`` is what the user allows in all."""
    return WAITING if memory is None else max(min(WAITING, memory // 8), 1)


def of_network(memory: int | None) -> int | None:
    """What is left for the network and the band of rows that it fills; None: a share of what is free."""
    return None if memory is None else max(memory - 2 * waiting(memory), 1)

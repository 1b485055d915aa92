"""Which of a job's three stages the others waited for, and what would help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["decoding", "the network", "encoding"]

_LIGHTER = "a lighter model (--prefer flops), another executor (`upscaler bench`) or a faster device"

_REMEDIES: dict[tuple[str, Stage], str] = {
    ("pictures", "decoding"): "a faster disk for the inputs",
    ("pictures", "the network"): _LIGHTER,
    ("pictures", "encoding"): "a format that is coded faster (-f png, tiff or jpg) or a faster disk for the outputs",
    ("films", "decoding"): "a faster disk, or a film that is easier to decode,",
    ("films", "the network"): _LIGHTER,
    ("films", "encoding"): "a faster --encoder-preset or another --codec",
}


@dataclass(frozen=True, slots=True)
class Worked:
    """Seconds that each stage was at work: all but what it waited for the others."""

    decoding: float = 0.0
    network: float = 0.0
    encoding: float = 0.0
    whole: float = 0.0
    """From the first stage's beginning to the last one's end; the three run at the same time."""

    def __add__(self, other: Worked) -> Worked:
        return Worked(
            self.decoding + other.decoding,
            self.network + other.network,
            self.encoding + other.encoding,
            self.whole + other.whole,
        )

    @property
    def shares(self) -> dict[Stage, float]:
        """Of the whole time, 0 to 1."""
        whole = self.whole or 1.0
        return {
            "decoding": self.decoding / whole,
            "the network": self.network / whole,
            "encoding": self.encoding / whole,
        }

    @property
    def bound(self) -> Stage:
        """The stage that was at work the longest."""
        shares = self.shares
        return max(shares, key=lambda stage: shares[stage])


def told(kind: str, worked: Worked) -> str:
    """One sentence about all inputs of a kind (``pictures``, ``films``): the bounding stage, and the remedy."""
    bound, shares = worked.bound, worked.shares
    others = ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items() if stage != bound)
    return (
        f"{kind.capitalize()} waited for {bound}, at work {shares[bound]:.0%} of the time ({others}); "
        f"{_REMEDIES[kind, bound]} would help."
    )

"""A network with weights, ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from upscaler.models.manifest import Entry
    from upscaler.networks.family import Traits


@dataclass(frozen=True, slots=True)
class Model:
    """A network with weights, under a name: what ``-m`` takes."""

    name: str
    architecture: str
    network: nn.Module
    """In evaluation mode, float32, on the CPU; the engine makes copies and never changes it."""

    traits: Traits
    sha256: str
    """Of the file (or of the files, in order) that the weights came from."""

    card: Entry | None = None
    """What the manifest says of it; None for a file that the manifest does not know."""

    @property
    def scale(self) -> float:
        return self.traits.scale

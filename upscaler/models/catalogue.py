"""Which models there are, and which of them a name, a scale or a hash means."""

import difflib
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from math import prod
from pathlib import Path

from upscaler.errors import ModelError
from upscaler.models.formats import Digests
from upscaler.models.manifest import Entry, WeightsFile, read_manifest

DEFAULT_SCALE = 4


@dataclass(frozen=True, slots=True)
class Service:
    """How a wanted scale is made from the native ones that a model has."""

    passes: tuple[Entry, ...]
    """Run one after the other; more than one where the largest native scale is not enough."""

    sentence: str | None
    """What to tell the user; None where the model has exactly this scale."""

    @property
    def scale(self) -> float | None:
        """What the passes make together, before reduction to the wanted size; None: exactly what was wanted."""
        scales = [entry.scale for entry in self.passes if entry.scale != "any"]
        return float(prod(scales)) if len(scales) == len(self.passes) else None


class Catalogue:
    """The rows of a manifest, found by what a user types."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(entry.name for entry in self.entries))

    def rows(self, name: str) -> tuple[Entry, ...]:
        """All scales of a model, smallest first.

        Case, ``-``, ``_`` and blanks do not matter, and the beginning of a name is enough where only one begins so.
        Raises ModelError with the closest names.
        """
        exact = self._name(name)
        rows = [entry for entry in self.entries if entry.name == exact]
        return tuple(sorted(rows, key=lambda e: float("inf") if e.scale == "any" else e.scale))

    def find(self, name: str, scale: float | None = None) -> Entry:
        """The row that is run for a scale: its own, else the next larger one, else the largest.

        Without a scale: x4, else the largest.
        """
        return self.serve(name, scale).passes[0]

    def serve(self, name: str, scale: float | None = None) -> Service:
        """How the model of that name makes a scale, and the sentence about it.  Raises ModelError."""
        rows = self.rows(name)
        if scale is None:
            native = [row for row in rows if row.scale == DEFAULT_SCALE] or rows[-1:]
            return Service((native[0],), None)
        for row in rows:
            if row.serves(scale):
                return Service((row,), None)
        native = [row for row in rows if row.scale != "any"]
        if not native:
            low, high = rows[0].scale_range or (1, 1)
            raise ModelError(f"{rows[0].name} makes every scale from {low:g} to {high:g}, but not x{scale:g}.")
        by_scale = {row.scale: row for row in native if isinstance(row.scale, int)}
        steps = passes(tuple(by_scale), scale)
        return Service(tuple(by_scale[step] for step in steps), _served_by(rows[0].name, tuple(by_scale), scale, steps))

    def by_files(self, *files: Digests) -> Entry | None:
        """The row whose files have exactly these contents, in order; None for contents that are not known."""
        for entry in self.entries:
            if len(entry.files) == len(files) and all(map(is_content, entry.files, files)):
                return entry
        return None

    def _name(self, typed: str) -> str:
        folded = {_fold(name): name for name in self.names}
        wanted = _fold(typed)
        if wanted in folded:
            return folded[wanted]
        beginning = [name for key, name in folded.items() if wanted and key.startswith(wanted)]
        if len(beginning) == 1:
            return beginning[0]
        raise unknown_model(typed, self.names, beginning)


def unknown_model(name: str, known: tuple[str, ...], beginning: list[str]) -> ModelError:
    """The error for a name that means no model, or more than one."""
    if beginning:
        shown = ", ".join(beginning[:6]) + (", ..." if len(beginning) > 6 else "")
        return ModelError(f"{name!r} is the beginning of {len(beginning)} models ({shown}); type more of the name.")
    folded = {_fold(entry): entry for entry in known}
    close = [folded[key] for key in difflib.get_close_matches(_fold(name), folded, n=3)]
    advice = f"did you mean {' or '.join(close)}?" if close else "`upscaler models list` shows what there is."
    return ModelError(f"There is no model {name!r}; {advice}")


def is_content(file: WeightsFile, known: Digests) -> bool:
    """True if one of the hashes that the manifest gives for a file is that of the content."""
    accepted = {file.sha256, *(other.sha256 for other in file.also_sha256)} - {None}
    return known.sha256 in accepted or (not accepted and known.git_blob_sha1 == file.git_blob_sha1)


def passes(native: tuple[int, ...], scale: float) -> tuple[int, ...]:
    """The native scales to run one after the other so that their product is at least ``scale``.

    As few as possible, then the smallest product, then the largest first.  At most four: beyond that the largest
    product is what there is.
    """
    for count in range(1, 5):
        reached = [steps for steps in product(sorted(native, reverse=True), repeat=count) if prod(steps) >= scale]
        if reached:
            return min(reached, key=prod)
    return (max(native),) * 4


def _served_by(name: str, native: tuple[int, ...], scale: float, steps: tuple[int, ...]) -> str:
    has = _listed([f"x{s}" for s in sorted(native)])
    how = ", then ".join(f"x{step}" for step in steps)
    made = prod(steps)
    reduced = "" if made == scale else " and reducing" if made > scale else " and enlarging"
    return f"{name} has {has}; x{scale:g} is made by running {how}{reduced}."


def _listed(words: list[str]) -> str:
    return words[0] + " only" if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _fold(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in "-_ .+")


def manifest_path() -> Path:
    """The list of models that came with the program: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "weights_manifest.json"
    return inside if inside.is_file() else package.parent / "weights_manifest.json"


@cache
def official_catalogue() -> Catalogue:
    """The models that this version of the program knows."""
    return Catalogue(read_manifest(manifest_path()))


def catalogue() -> Catalogue:
    """All models: the official ones, and those that the user imported, which stand in for rows without weights."""
    from upscaler.models.imported import imported_entries

    own = imported_entries()
    keys = {entry.key for entry in own}
    return Catalogue((*(entry for entry in official_catalogue().entries if entry.key not in keys), *own))

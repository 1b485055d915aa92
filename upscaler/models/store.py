"""Weights as files on this machine: from the package, the cache, a mirror, or their sources.

Whatever comes in is checked by content before it gets its place; a file that is not what the manifest names is set
aside, never used.
"""

import os
import shutil
from pathlib import Path

from upscaler.errors import WeightsError
from upscaler.folders import cache_folder
from upscaler.models.formats import WANTED, digests, head_of, sniff, what_it_is
from upscaler.models.manifest import Entry, Package, WeightsFile

PACKAGE = Path(__file__).resolve().parents[1]


class Store:
    """Gets the files of models.

    Args:
        offline: never ask the network; None: as ``UPSCALER_OFFLINE`` says.
        mirror: a folder or an https address laid out as the manifest's ``mirror`` paths; None: ``UPSCALER_MIRROR``.
    """

    def __init__(self, *, offline: bool | None = None, mirror: str | Path | None = None) -> None:
        self.offline = offline if offline is not None else _flag("UPSCALER_OFFLINE")
        chosen = str(mirror) if mirror is not None else os.environ.get("UPSCALER_MIRROR")
        self.mirror = chosen or None
        self.folder = cache_folder() / "weights"

    def fetch(self, entry: Entry) -> tuple[Path, ...]:
        """The files of a model, in the manifest's order, each checked.  Raises WeightsError."""
        return tuple(self._one(file, entry) for file in entry.files)

    def _one(self, file: WeightsFile, entry: Entry) -> Path:
        for source in file.sources:
            if isinstance(source, Package):
                return checked(PACKAGE / source.resource, file)
        kept = self.place(file)
        if kept.is_file():
            return checked(kept, file)
        if self.mirror and file.mirror and (Path(self.mirror) / file.mirror).is_file():
            self._take(Path(self.mirror) / file.mirror, kept, file)
            return kept
        raise WeightsError(f"The weights of {entry.key} ({file.name}) are not at hand.")

    def place(self, file: WeightsFile) -> Path:
        """Where the cache keeps a file: under its own content's name."""
        key = file.sha256 or file.git_blob_sha1 or "pinned"
        return self.folder / key[:16] / file.name

    def _take(self, source: Path, target: Path, file: WeightsFile) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, part)
            checked(part, file)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def checked(path: Path, file: WeightsFile) -> Path:
    """The same path, if its content is what the manifest names.  Raises WeightsError with both hashes."""
    head = head_of(path)
    found = sniff(head)
    if found != file.format and not (file.format == "ncnn-bin" and found is None):
        raise WeightsError(f"{file.name} is not {WANTED[file.format]}: {what_it_is(head)}.")
    actual = digests(path)
    accepted = {file.sha256, *(other.sha256 for other in file.also_sha256)} - {None}
    if accepted and actual.sha256 not in accepted:
        raise WeightsError(
            f"{file.name} is not the file that the manifest names (SHA-256 {actual.sha256}, expected {file.sha256})."
        )
    if file.git_blob_sha1 and actual.git_blob_sha1 != file.git_blob_sha1:
        raise WeightsError(
            f"{file.name} is not the file that the manifest names "
            f"(git blob {actual.git_blob_sha1}, expected {file.git_blob_sha1})."
        )
    return path


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() not in {"", "0", "no", "false", "off"}

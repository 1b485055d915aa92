"""Weights as files on this machine: from the package, the cache, a mirror, or their sources, in this order.

Whatever comes in is checked by its content before it gets its place, and again each time before it is read.  A file
that is not what the manifest names is set aside as ``*.bad`` and never used.  Where no public source tells what a file
should be, the first good one is remembered (``pins.json``) and later ones are compared with it.
"""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from upscaler.errors import RoomError, UpscalerError, WeightsError
from upscaler.folders import cache_folder, config_folder
from upscaler.models.formats import WANTED, Digests, digests, head_of, sniff, what_it_is
from upscaler.models.imported import imported_folder
from upscaler.models.manifest import AnySource, Entry, Package, Url, WeightsFile
from upscaler.models.sources import NO_ROOM, Tell, Unavailable, get, page_of

log = logging.getLogger(__name__)

PACKAGE = Path(__file__).resolve().parents[1]

Whereabouts = Literal["package", "cache", "mirror", "download", "none"]

Trial = Callable[[Entry, tuple[Path, ...]], None]
"""Raises ModelError unless the files load as the model that the row describes."""


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """What the first good download of an unhashed file was."""

    sha256: str
    bytes: int
    source: str


class Store:
    """Gets the files of models.

    Args:
        offline: never ask the network; None: as ``UPSCALER_OFFLINE`` says.
        mirror: a folder or address laid out as the manifest's ``mirror`` paths; None: ``UPSCALER_MIRROR``.
        tell: told how a download goes on; what it raises ends the download, which can be taken up again.
        trial: tried on files that no hash vouches for, before they are remembered.
    """

    def __init__(
        self,
        *,
        offline: bool | None = None,
        mirror: str | Path | None = None,
        tell: Tell | None = None,
        trial: Trial | None = None,
    ) -> None:
        self.offline = offline if offline is not None else _flag("UPSCALER_OFFLINE")
        self.mirror = str(mirror) if mirror is not None else os.environ.get("UPSCALER_MIRROR", "")
        self.tell: Tell = tell or (lambda name, done, total: None)
        self.trial = trial
        self.folder = cache_folder() / "weights"

    def fetch(self, entry: Entry) -> tuple[Path, ...]:
        """The files of a model, in the manifest's order, each checked.  Raises WeightsError, RoomError."""
        if not entry.files:
            note = f" ({entry.notes[0]})" if entry.notes else ""
            raise WeightsError(f"{entry.name} x{entry.scale} has no public weights{note}.")
        return tuple(self._one(entry, file) for file in entry.files)

    def whereabouts(self, entry: Entry) -> Whereabouts:
        """Where the files would come from, told without reading them or asking anyone: the farthest of them."""
        order: tuple[Whereabouts, ...] = ("package", "cache", "mirror", "download", "none")
        return max((self._where(entry, file) for file in entry.files), key=order.index, default="none")

    def place(self, entry: Entry, file: WeightsFile) -> Path:
        """Where the cache keeps a file: under the name of the content of the model's first file, so that the parts of
        one lie side by side, or under the model's own name where that is not known.
        """
        if entry.availability == "imported":
            return imported_folder() / entry.key / file.name
        content = entry.files[0].sha256 or entry.files[0].git_blob_sha1
        return self.folder / (content[:16] if content else entry.key) / file.name

    def adopt(self, entry: Entry, file: WeightsFile, path: Path) -> Path:
        """Takes a file that the user saved into the cache, checked like a download.  Raises WeightsError."""
        target = self.place(entry, file)
        with self._locked(target):
            self._take(path, entry, file, f"imported from {path.name}", keep=True)
        return target

    def verify(self, entry: Entry) -> tuple[tuple[Path, str | None], ...]:
        """The files that are here, each with what is wrong with it, if anything."""
        found: list[tuple[Path, str | None]] = []
        for file in entry.files:
            here = self._packaged(file) or self.place(entry, file)
            if here.is_file():
                try:
                    self._check(here, entry, file)
                    found.append((here, None))
                except WeightsError as error:
                    found.append((here, str(error)))
        return tuple(found)

    def _where(self, entry: Entry, file: WeightsFile) -> Whereabouts:
        if (packaged := self._packaged(file)) and packaged.is_file():
            return "package"
        if self.place(entry, file).is_file():
            return "cache"
        if (mirrored := self._mirrored(file)) and isinstance(mirrored, Path) and mirrored.is_file():
            return "mirror"
        fetchable = any(source.__class__.__name__ not in {"Package", "Manual"} for source in file.sources)
        return "download" if not self.offline and (fetchable or isinstance(mirrored, Url)) else "none"

    def _packaged(self, file: WeightsFile) -> Path | None:
        return next((PACKAGE / source.resource for source in file.sources if isinstance(source, Package)), None)

    def _mirrored(self, file: WeightsFile) -> Path | Url | None:
        if not (self.mirror and file.mirror):
            return None
        if self.mirror.startswith(("http://", "https://")):
            return Url(url=f"{self.mirror.rstrip('/')}/{file.mirror.replace('+', '%2B')}")
        return Path(self.mirror).expanduser() / file.mirror

    def _one(self, entry: Entry, file: WeightsFile) -> Path:
        if (packaged := self._packaged(file)) and packaged.is_file():
            return self._check(packaged, entry, file)
        target = self.place(entry, file)
        if target.is_file() and self._good(target, entry, file):
            return target
        with self._locked(target):
            # Another process may have brought it while this one waited.
            if not (target.is_file() and self._good(target, entry, file)):
                self._bring(entry, file)
        return target

    def _good(self, kept: Path, entry: Entry, file: WeightsFile) -> bool:
        """True if the kept file is right; a wrong one is set aside."""
        try:
            self._check(kept, entry, file)
        except WeightsError as error:
            log.warning("%s It was set aside and is fetched again.", error)
            _set_aside(kept, kept)
            return False
        return True

    def _bring(self, entry: Entry, file: WeightsFile) -> None:
        reasons: list[str] = []
        mirrored = self._mirrored(file)
        if isinstance(mirrored, Path) and mirrored.is_file():
            if self._tried(reasons, "the mirror", mirrored, entry, file, keep=True):
                return
        elif isinstance(mirrored, Path):
            reasons.append(f"the mirror does not hold {file.mirror}")
        for source in self._sources(mirrored, file):
            where = page_of(source) or "its source"
            try:
                came = get(source, self.place(entry, file).parent, file, self.tell)
            except Unavailable as error:
                reasons.append(str(error))
                continue
            except OSError as error:
                raise _no_room(error, self.folder) from error
            if self._tried(reasons, where, came, entry, file, keep=False):
                return
        raise WeightsError(_cannot_be_had(entry, file, reasons, offline=self.offline))

    def _sources(self, mirrored: Path | Url | None, file: WeightsFile) -> Iterator[AnySource]:
        if not self.offline:
            yield from [mirrored] if isinstance(mirrored, Url) else []
            yield from file.sources

    def _tried(
        self, reasons: list[str], where: str, came: Path, entry: Entry, file: WeightsFile, *, keep: bool
    ) -> bool:
        """Takes a file in if it is right; otherwise adds the reason and sets it aside."""
        try:
            self._take(came, entry, file, where, keep=keep)
        except WeightsError as error:
            reasons.append(str(error).rstrip("."))
            return False
        return True

    def _take(self, came: Path, entry: Entry, file: WeightsFile, where: str, *, keep: bool) -> None:
        """Gives a file its place, whole or not at all, after all checks."""
        target = self.place(entry, file)
        try:
            known = _compare(came, file, self._pins().get(_pin_key(entry, file)))
            if file.pinned_at_first_use and self.trial is not None:
                self.trial(entry, (came,))
        except WeightsError as error:
            if not keep:
                _set_aside(came, target)
                raise WeightsError(f"{str(error).rstrip('.')}; it was set aside as {target.name}.bad.") from error
            raise
        if keep:
            for left in target.parent.glob(f".{target.name}.*.copy"):
                left.unlink(missing_ok=True)  # of a run that was killed; nobody else writes here under this lock
            part = target.with_name(f".{target.name}.{os.getpid()}.copy")
            try:
                shutil.copyfile(came, part)
                part.chmod(0o644)
                part.replace(target)
            except OSError as error:
                raise _no_room(error, self.folder) from error
            finally:
                part.unlink(missing_ok=True)
        else:
            came.replace(target)
        if file.sha256 is None:
            log.info("No public source states the SHA-256 of %s; it is %s.", file.name, known.sha256)
            self._pin(_pin_key(entry, file), Pin(sha256=known.sha256, bytes=known.bytes, source=where))

    def _check(self, path: Path, entry: Entry, file: WeightsFile) -> Path:
        _compare(path, file, self._pins().get(_pin_key(entry, file)))
        return path

    @contextmanager
    def _locked(self, target: Path) -> Iterator[None]:
        from filelock import FileLock

        lock = FileLock(target.with_name(f".{target.name}.lock"))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise _no_room(error, target.parent) from error
        try:
            yield
        finally:
            lock.release()

    # Pins: small, rarely written, shared by all processes of the user.

    def _pins(self) -> dict[str, Pin]:
        path = config_folder() / "pins.json"
        if not path.is_file():
            return {}
        try:
            return msgspec.json.decode(path.read_bytes(), type=dict[str, Pin])
        except msgspec.DecodeError as error:
            raise WeightsError(f"{path} is damaged ({error}); put it right or delete it.") from error

    def _pin(self, key: str, pin: Pin) -> None:
        path = config_folder() / "pins.json"
        with self._locked(path):
            pins = {**self._pins(), key: pin}
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            part.write_bytes(msgspec.json.format(msgspec.json.encode(pins), indent=2))
            part.replace(path)


def _pin_key(entry: Entry, file: WeightsFile) -> str:
    return f"{entry.key}/{file.name}"


def _compare(path: Path, file: WeightsFile, pin: Pin | None) -> Digests:
    """The file's hashes.  Raises WeightsError, with both hashes, if it is not what manifest or pin names."""
    head = head_of(path)
    found = sniff(head)
    if found != file.format and not (file.format == "ncnn-bin" and found is None):
        raise WeightsError(f"{file.name} is not {WANTED[file.format]}: {what_it_is(head)}.")
    known = digests(path)
    accepted = {file.sha256, *(other.sha256 for other in file.also_sha256)} - {None}
    if accepted and known.sha256 not in accepted:
        raise WeightsError(
            f"{file.name} is not the file that the manifest names (SHA-256 {known.sha256}, expected {file.sha256})."
        )
    if file.sha256 is None and file.git_blob_sha1 and known.git_blob_sha1 != file.git_blob_sha1:
        raise WeightsError(
            f"{file.name} is not the file that the manifest names (git's SHA-1 {known.git_blob_sha1}, "
            f"expected {file.git_blob_sha1})."
        )
    if not accepted and pin is not None and known.sha256 != pin.sha256:
        raise WeightsError(
            f"{file.name} is not the file that was first used (SHA-256 {known.sha256}, expected {pin.sha256}, "
            f"from {pin.source})."
        )
    return known


def _set_aside(path: Path, target: Path) -> None:
    path.replace(target.with_name(f"{target.name}.bad"))


def _cannot_be_had(entry: Entry, file: WeightsFile, reasons: list[str], *, offline: bool) -> str:
    if offline:
        reasons = [*reasons, "downloads are switched off (offline)"]
    why = "; ".join(dict.fromkeys(reasons)) or "no source is known"
    pages = [page for page in map(page_of, file.sources) if page]
    advice = f" Save it from {pages[-1]} and run `upscaler models import FILE`." if pages and not offline else ""
    return f"{entry.name} x{entry.scale} needs {file.name}, which cannot be had: {why}.{advice}"


def _no_room(error: OSError, folder: Path) -> UpscalerError:
    if error.errno in NO_ROOM:
        return RoomError(f"No room on the disk of {folder} for weights; make room, or move it with UPSCALER_HOME.")
    return WeightsError(f"{folder} cannot be written to: {error.strerror or error}.")


def _flag(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() not in {"", "0", "no", "false", "off"}


def weights_store(*, offline: bool | None = None, mirror: str | Path | None = None, tell: Tell | None = None) -> Store:
    """A store that tries files that no hash vouches for by loading them."""

    def trial(entry: Entry, files: tuple[Path, ...]) -> None:
        # Imported when there is something to try: planning and listing do without torch.
        from upscaler.models.loading import try_out

        try_out(entry, files)

    return Store(offline=offline, mirror=mirror, tell=tell, trial=trial)

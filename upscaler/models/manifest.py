"""The rows of ``weights_manifest.json``: what is known of each model, as data that cannot be wrong.

One row is one choice of the user's: one network, one scale, one set of weights.  Types, bounds and unknown keys are
checked when the file is read; what a download must be is told by its content (hashes), never by its name.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from upscaler.errors import ModelError

SCHEMA = 1

Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]*$", max_length=80)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Sha1 = Annotated[str, Meta(pattern="^[0-9a-f]{40}$")]
Https = Annotated[str, Meta(pattern="^https://[^ ]+$")]
FileName = Annotated[str, Meta(pattern="^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", max_length=200)]
"""A bare file name: no folders, nothing hidden."""

BelowMirror = Annotated[str, Meta(pattern="^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)*$")]
Count = Annotated[int, Meta(gt=0)]
Length = Annotated[int, Meta(ge=0)]
Scale = Annotated[int, Meta(ge=1, le=16)] | Literal["any"]

Tag = Literal[
    "photo", "real-world", "anime", "latency", "flops", "memory", "quality", "embedded", "arbitrary-scale", "gan"
]
Role = Literal["weights", "param", "bin"]
Format = Literal["torch-zip", "torch-pickle", "safetensors", "ncnn-param", "ncnn-bin"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A frozen record; an unknown key is an error, so that a slip of the keyboard is found."""


class Source(Record, frozen=True, kw_only=True, tag_field="kind"):
    """One way to get a file."""

    third_party: bool = False
    """Not the authors' own copy."""


class Url(Source, frozen=True, kw_only=True, tag="url"):
    url: Https
    page: Https | None = None
    """Where a person finds the file if the address no longer serves it."""


class GithubRaw(Source, frozen=True, kw_only=True, tag="github-raw"):
    """A file of a commit: the address makes the content immutable."""

    repo: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    commit: Sha1
    path: str


class Hub(Source, frozen=True, kw_only=True, tag="hub"):
    """A file of a repository on the Hugging Face hub."""

    repo_id: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$")]
    filename: str
    revision: str = "main"


class DriveFile(Source, frozen=True, kw_only=True, tag="drive-file"):
    """A file on Google Drive."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{10,}$")]

    @property
    def page(self) -> str:
        return f"https://drive.google.com/file/d/{self.id}/view"


class DriveFolder(Source, frozen=True, kw_only=True, tag="drive-folder"):
    """A public folder on Google Drive in which the file is found by its path."""

    id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{10,}$")]
    match: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Patterns (``*`` and ``?``) for the end of the path, without regard to case; tried in this order."""

    @property
    def page(self) -> str:
        return f"https://drive.google.com/drive/folders/{self.id}"


class Package(Source, frozen=True, kw_only=True, tag="package"):
    """Travels with the program."""

    resource: str
    """Path inside the package, such as ``models/data/pocket-x4.safetensors``."""


class Manual(Source, frozen=True, kw_only=True, tag="manual"):
    """Never fetched: the user saves it from a page and imports it."""

    page: Https


AnySource = Url | GithubRaw | Hub | DriveFile | DriveFolder | Package | Manual


class OtherFile(Record, frozen=True, kw_only=True):
    """Another published file that holds the same network and may stand in."""

    sha256: Sha256
    what: str
    bytes: Count | None = None


class WeightsFile(Record, frozen=True, kw_only=True):
    """One file, where it may come from, and how to know that it is the right one."""

    name: FileName
    format: Format
    role: Role = "weights"
    bytes: Count | None = None
    sha256: Sha256 | None = None
    git_blob_sha1: Sha1 | None = None
    """SHA-1 of "blob SIZE NUL" and the content: enough to know a file by where no SHA-256 is public."""

    also_sha256: tuple[OtherFile, ...] = ()
    hash_source: str | None = None
    """Where the hash can be read, or ``computed``."""

    mirror: BelowMirror | None = None
    """Path below a mirror."""

    sources: tuple[AnySource, ...] = ()
    """Tried in this order."""

    @property
    def pinned_at_first_use(self) -> bool:
        """No public source tells what the file should be: the first good one is remembered."""
        return self.sha256 is None and self.git_blob_sha1 is None


class Licence(Record, frozen=True, kw_only=True):
    id: str
    """SPDX, or ``unknown``."""

    source: str
    commercial: bool | None = None
    """None: unclear; a commercial filter treats it as no."""

    attribution: str | None = None


class State(Record, frozen=True, kw_only=True):
    """Where in the file the weights lie."""

    outer: str | None = None


class Io(Record, frozen=True, kw_only=True):
    """What the network itself expects and gives; the engine sees 0..1 only."""

    range: Literal[1, 255] = 1
    mean: Literal["inside", "none"] = "none"
    clamped: bool = False


class Cost(Record, frozen=True, kw_only=True):
    """Of the inference form."""

    params: Count
    macs_256: Count
    """Multiply-adds for one 256x256 input."""

    time: Annotated[float, Meta(gt=0)] | None = None
    """Seconds on one picture, relative to span x4's on the same machine (CPU)."""


class Tiling(Record, frozen=True, kw_only=True):
    """How the network is cut into tiles, lengths in input pixels, and what that was measured to change."""

    mode: Literal["exact", "blended"]
    halo: Length
    align: Count = 1
    min_size: Count = 1
    global_statistics: bool = False
    measured_max: float | None = None
    """Largest difference of tiled to whole on a photo of 512x512, of the value range."""

    measured_db: float | None = None
    """PSNR of tiled against whole."""

    measured_seam: float | None = None
    """How much steeper the picture is across the borders of tiles than elsewhere, compared with the whole picture; 1 is
    best."""

    measured_exact_max: float | None = None
    """The largest difference when the whole picture's statistics are gathered first (``--exact``)."""


class Precision(Record, frozen=True, kw_only=True):
    bf16_db: float | None = None
    """PSNR of bf16 against fp32."""

    bf16_loss_db: float | None = None
    """What bf16 costs on Set5."""

    fp16_db: float | None = None
    guard: bool = False
    """Known to blow up on input unlike photographs (noise, checkerboards): the engine's guard matters."""

    blows_up_on: tuple[str, ...] = ()


class Figure(Record, frozen=True, kw_only=True):
    """One number of quality, cost or time, with where it was read or how it was measured."""

    set: str
    metric: str
    value: float
    source: str


class Entry(Record, frozen=True, kw_only=True):
    """The card of a model."""

    name: Name
    scale: Scale
    architecture: Name
    family: str
    title: str
    availability: Literal["public", "embedded", "none", "imported"]
    licence: Licence
    tags: tuple[Tag, ...] = ()
    authors: str | None = None
    year: Annotated[int, Meta(ge=2014, le=2100)] | None = None
    paper: str | None = None
    scale_range: tuple[float, float] | None = None
    """For ``scale`` "any"."""

    files: tuple[WeightsFile, ...] = ()
    state: State = State()
    io: Io = Io()
    cost: Cost | None = None
    tiling: Tiling | None = None
    precision: Precision | None = None
    published: tuple[Figure, ...] = ()
    measured: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    see_also: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name and scale, as files and messages write them."""
        return f"{self.name}-any" if self.scale == "any" else f"{self.name}-x{self.scale}"

    @property
    def download_bytes(self) -> int | None:
        """Size of all files; None where one is unknown."""
        sizes = [file.bytes for file in self.files]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    def quality(self, set_name: str = "Set5", metric: str = "PSNR-Y") -> float | None:
        """What was measured here, else what was published; in dB."""
        figures = (*self.measured, *self.published)
        return next((f.value for f in figures if (f.set, f.metric) == (set_name, metric)), None)

    def serves(self, scale: float) -> bool:
        """True if this row gives that scale without resampling."""
        if self.scale == "any":
            low, high = self.scale_range or (1, 1)
            return low <= scale <= high
        return self.scale == scale


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    schema: Literal[1]
    models: list[msgspec.Raw]


class _Label(msgspec.Struct):
    name: str = "?"
    scale: int | str = "?"


def read_manifest(path: Path) -> tuple[Entry, ...]:
    """All rows of a manifest.  Raises ModelError that names the row and the field that is wrong."""
    try:
        rows = msgspec.json.decode(path.read_bytes(), type=_Rows)
    except OSError as error:
        raise ModelError(f"The list of models {path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path.name} is not a list of models: {error}.") from error
    return tuple(_entry(raw, path) for raw in rows.models)


def _entry(raw: msgspec.Raw, path: Path) -> Entry:
    try:
        return msgspec.json.decode(raw, type=Entry)
    except msgspec.ValidationError as error:
        try:
            label = msgspec.json.decode(raw, type=_Label)
        except msgspec.ValidationError:
            label = _Label()
        raise ModelError(f"{path.name}: the entry {label.name!r} x{label.scale} is wrong: {error}.") from error


def write_manifest(entries: tuple[Entry, ...], path: Path) -> None:
    """The rows by name and scale, as JSON that people can read and compare line by line."""
    rows = sorted(entries, key=lambda e: (e.name, e.scale == "any", e.scale if e.scale != "any" else 0))
    text = msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, "models": rows}), indent=2)
    path.write_bytes(text + b"\n")

"""What a job will do, settled before it begins: every output path, every size, every refusal."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import cast

from upscaler.errors import MediaError, UsageError
from upscaler.jobs import events, receipts
from upscaler.jobs.inputs import Input, Selection, find_inputs
from upscaler.jobs.names import OTHER_FOLDER, SAME_FOLDER, NameFacts, TakenNames, output_name
from upscaler.jobs.recipes import Models
from upscaler.jobs.settings import Exists, Settings
from upscaler.jobs.work import File, Item, Kind, Work

KINDS = ("films", "pictures")
"""Modules of this package, asked in this order whether an input is theirs; the last takes what is left."""

FOLDER = "upscaled"
"""Beside the inputs, where no output was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asks for: which inputs, and where the outputs go.  What is done to each is in ``Settings``."""

    inputs: tuple[Path, ...]
    """Files, folders, patterns; ``-`` is the standard input."""

    output: Path | None = None
    """A file (for one input), a folder, or ``-``; None: a folder ``upscaled`` beside the inputs."""

    name: str | None = None
    """Template of the output's name without ending; None: chosen by where the outputs go."""

    exists: Exists = "skip"
    gone_fails: bool = False
    """An input that is not there is an item that fails; otherwise nothing is done at all, for it was mistyped."""

    selection: Selection = field(default_factory=Selection)
    stdin: bytes | None = None
    """The content of the standard input, where ``-`` is among the inputs."""

    offline: bool | None = None
    mirror: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The items of a job, in order.  Nothing has been written yet."""

    items: tuple[Item, ...]
    settings: Settings
    models: Models
    warnings: tuple[str, ...] = ()
    """Of the job as a whole."""

    @property
    def to_do(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.problem is None and item.skip is None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What deserves a word before the job begins: about the models, and about the whole."""
        return (*self.models.sentences, *self.warnings)

    def facts(self) -> dict[str, object]:
        """The plan as plain data, for machines."""
        return {
            "items": [_facts(item) for item in self.items],
            "models": self.models.names,
            "model_reason": self.models.reason,
            "notes": list(self.notes),
        }


def make_plan(request: Request, settings: Settings, *, tell: Callable[[events.Event], None] | None = None) -> Plan:
    """Looks at every input's header and settles what happens to it.

    An input that cannot be done gets a ``problem``; the others stay.  Choosing a model may download it: ``tell`` gets
    the events of that.
    Raises UsageError or ModelError where the whole command is wrong: then nothing is done.
    """
    if request.exists not in ("skip", "overwrite", "rename", "error"):
        raise UsageError(f"--exists is skip, overwrite, rename or error, not {request.exists!r}.")
    models = Models(settings, offline=request.offline, mirror=request.mirror)
    if tell is not None:
        models.told_of_download = lambda *facts: tell(events.Downloading(*facts))
    inputs = _inputs(request)
    single = _names_a_file(request, inputs)
    target = None if single or request.output is None else request.output
    if target is not None:
        _check_folder(target)
    taken = TakenNames()
    items: list[Item] = []
    left_out: list[str] = []
    for entry in inputs:
        file = entry if isinstance(entry, bytes) else entry.path
        try:
            kind = _kind_of(file)
            work = kind.prepare(file, settings, models, request.output if single else None)
        except MediaError as error:
            if isinstance(entry, Input) and not entry.named and not _looks_like_media(entry.path):
                left_out.append(entry.path.name)
            else:
                items.append(Item(number=len(items), source=file, output=None, problem=str(error)))
            continue
        output = request.output if single else _output(entry, work, request, len(items) + 1, models)
        if single and work.moved and output is not None:
            output = output.with_suffix(work.suffix)
        if output == Path("-"):
            output = None
        elif not single and output is not None:
            suffix = entry.path.suffix if isinstance(entry, Input) else ""
            output = taken.free(output, suffix, lambda path: request.exists == "rename" and path.exists())
        elif output is not None and request.exists == "rename":
            output = taken.free(output, "", _is_there)
        items.append(Item(number=len(items), source=file, output=output, work=work))
    if not items:
        raise UsageError(_nothing_found(request, left_out))
    _refuse_inputs_as_outputs(items)
    items = [_with_existing(item, request.exists, settings) for item in items]
    warnings = _left_out(left_out) + _room(items)
    return Plan(items=tuple(items), settings=settings, models=models, warnings=warnings)


def _facts(item: Item) -> dict[str, object]:
    facts: dict[str, object] = {"source": item.name, "output": item.target if item.work else None}
    if item.work is not None:
        work = item.work
        facts |= {
            "kind": work.kind,
            "size": [work.width, work.height],
            "out_size": [work.out_width, work.out_height],
            "models": [f"{step.model} x{step.scale:g}" for step in work.recipe.steps],
            "how": work.how,
            "expected_bytes": work.expected_bytes,
            "warnings": list(work.warnings),
        }
    return facts | {"problem": item.problem, "skip": item.skip}


@cache
def kinds() -> dict[str, Kind]:
    """The modules that handle each kind of input, by name."""
    return {name: cast("Kind", import_module(f"upscaler.jobs.{name}")) for name in KINDS}


def _kind_of(file: File) -> Kind:
    from upscaler.media.films.patterns import is_pattern
    from upscaler.media.still import beginning, told

    if isinstance(file, Path) and is_pattern(file) and not file.exists():
        return kinds()["films"]
    with told(file):
        head = beginning(file, 4096)
    found = [kind for kind in kinds().values() if kind.takes(file, head)]
    return found[0] if found else kinds()[KINDS[-1]]


def _inputs(request: Request) -> list[Input | bytes]:
    paths = [path for path in request.inputs if str(path) != "-"]
    if not request.inputs:
        raise UsageError("Nothing was named to be enlarged; name files, folders or patterns, or - for the input.")
    inputs: list[Input | bytes] = []
    if len(paths) < len(request.inputs):
        if not request.stdin:
            raise UsageError("The standard input is empty; it must be a picture where - is named.")
        inputs.append(request.stdin)
    leave_out = {Path(os.path.realpath(path / FOLDER)) for path in paths} if request.output is None else set()
    if request.output is not None and str(request.output) != "-":
        leave_out.add(Path(os.path.realpath(request.output)))
    # A folder that was named is entered, even if it is also where outputs go.
    leave_out -= {Path(os.path.realpath(path)) for path in paths}
    if request.gone_fails:
        gone = {path for path in paths if not os.path.lexists(path)}
        inputs += [Input(path, Path(), path.parent, named=True) for path in paths if path in gone]
        paths = [path for path in paths if path not in gone]
    return inputs + list(find_inputs(paths, request.selection, frozenset(leave_out)))


def _names_a_file(request: Request, inputs: Sequence[Input | bytes]) -> bool:
    """True if the output is one file (or the standard output), not a folder."""
    output = request.output
    if output is None:
        if any(isinstance(entry, bytes) for entry in inputs):
            raise UsageError("The output has no name when the picture comes from the standard input; -o gives one.")
        return False
    one = len(inputs) == 1 and (isinstance(inputs[0], bytes) or inputs[0].named)
    if str(output) == "-":
        if not one:
            raise UsageError(f"Only one picture can go to the standard output, and {len(inputs)} were named.")
        return True
    if output.is_dir():
        return False
    if output.suffix.lower() in _READ_SUFFIXES and not _is_media_suffix(output.suffix):
        raise UsageError(f"{output.suffix} files cannot be written here; name a .png, .jpg, .webp, .tif or .avif.")
    has_suffix = _is_media_suffix(output.suffix)
    if has_suffix and not one:
        raise UsageError(f"{output} names one file, and there are {len(inputs)} inputs; name a folder with -o.")
    return has_suffix


def _output(entry: Input | bytes, work: Work, request: Request, number: int, models: Models) -> Path:
    if isinstance(entry, bytes):
        assert request.output is not None  # `_names_a_file` has seen to it
        stem, folder, parent, own = "stdin", request.output, "", None
    else:
        folder = (request.output or entry.beside / FOLDER) / entry.below
        stem, parent, own = entry.path.stem, entry.path.parent.name, entry.path.parent
        stem = parent if "%" in stem and work.kind == "films" else stem  # numbered frames
    same = own is not None and os.path.realpath(own) == os.path.realpath(folder)
    template = request.name or (SAME_FOLDER if same else OTHER_FOLDER)
    scale = models.settings.scale
    if models.settings.has_target_size:
        scale = round(work.out_width / work.width, 2)
    model = Path(work.recipe.steps[0].model).stem
    return folder / output_name(template, NameFacts(stem, parent, number, scale, model), work.suffix)


def _with_existing(item: Item, exists: Exists, settings: Settings) -> Item:
    if item.output is None or item.work is None or not _is_there(item.output):
        return item
    if item.output.is_dir():
        return replace(item, problem=f"{item.output} is a folder: {item.name} cannot be written there.")
    if exists == "overwrite" or exists == "rename":
        return item
    if exists == "error":
        raise UsageError(f"{item.output} exists; nothing was done. --exists skip, overwrite or rename goes on.")
    counting = settings.for_pictures() if item.work.kind == "pictures" else settings
    known = _with_receipt(item.output)
    if isinstance(item.source, Path) and receipts.shows(known, item.source, counting, item.work.recipe):
        return replace(item, skip=f"{item.output} is there already, made from this input with these settings.")
    made = "was made from another input or with other settings" if receipts.made_by_us(known) else "is not ours"
    return replace(
        item,
        problem=f"{item.output} exists and {made}: {item.name} was left out. --exists overwrite replaces it, "
        "--exists rename writes beside it.",
    )


def _is_there(output: Path) -> bool:
    from upscaler.media.films.made_frames import in_the_way
    from upscaler.media.films.patterns import is_pattern

    return os.path.lexists(output) or (is_pattern(output) and in_the_way(output))


def _with_receipt(output: Path) -> Path:
    """The file that a receipt is about: numbered frames are known by the list of their times."""
    from upscaler.media.films.made_frames import are_all_there
    from upscaler.media.films.patterns import is_pattern, times_beside

    return times_beside(output) if is_pattern(output) and are_all_there(output) else output


def _refuse_inputs_as_outputs(items: Sequence[Item]) -> None:
    sources = {os.path.realpath(item.source): item for item in items if isinstance(item.source, Path)}
    for item in items:
        if item.output is not None and os.path.realpath(item.output) in sources:
            raise UsageError(
                f"The output {item.output} is one of the inputs, which are never overwritten; choose another name or "
                "folder with -o or --name."
            )


def _check_folder(folder: Path) -> None:
    """Raises UsageError unless files can be made in this folder, which may not exist yet."""
    place = folder.absolute()
    while not os.path.lexists(place):
        place = place.parent
    if not place.is_dir():
        raise UsageError(f"{place} is a file, so nothing can be written below it; choose another output folder.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UsageError(f"Nothing can be written into {place}; choose another output folder with -o.")


def _is_media_suffix(suffix: str) -> bool:
    from upscaler.media.formats import of_suffix

    return of_suffix(suffix) is not None or suffix.lower() in _FILM_SUFFIXES


def _looks_like_media(path: Path) -> bool:
    return path.suffix.lower() in _READ_SUFFIXES or _is_media_suffix(path.suffix)


# Not .ts and .mts: most files of that name are programs.  Those that are films are known by their content.
_FILM_SUFFIXES = frozenset(
    {
        ".mkv", ".mp4", ".m4v", ".mov", ".avi", ".webm", ".mpg", ".mpeg", ".m2ts", ".wmv", ".flv",
        ".ogv", ".mxf", ".3gp", ".nut", ".gif",
    }
)  # fmt: skip
_READ_SUFFIXES = frozenset(
    {".gif", ".heic", ".heif", ".dds", ".qoi", ".ico", ".icns", ".pcx", ".sgi", ".psd", ".jpe", ".jfif", ".j2k"}
)


def _nothing_found(request: Request, left_out: Sequence[str]) -> str:
    where = ", ".join(str(path) for path in request.inputs)
    other = f" ({len(left_out)} other files were seen)" if left_out else ""
    return f"There is no picture or film in {where}{other}; name one that can be enlarged."


def _left_out(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    files = "file that is" if len(names) == 1 else "files that are"
    return (f"{len(names)} {files} no picture or film: left out ({shown}).",)


def _room(items: Sequence[Item]) -> tuple[str, ...]:
    """A warning for each disk that may become full.  It is an estimate, so it refuses nothing."""
    needed: dict[Path, int] = {}
    for item in items:
        if item.work is not None and item.output is not None and not item.problem and not item.skip:
            place = item.output.absolute().parent
            while not place.exists():
                place = place.parent
            needed[place] = needed.get(place, 0) + item.work.expected_bytes
    warnings = []
    for place, size in needed.items():
        free = shutil.disk_usage(place).free
        if size > free:
            warnings.append(
                f"About {size / 1e9:.1f} GB will be written to {place}, where {free / 1e9:.1f} GB are free."
            )
    return tuple(warnings)

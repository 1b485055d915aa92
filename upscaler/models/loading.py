"""From a name or a path to a network that runs."""

from pathlib import Path

from upscaler.errors import ModelError, WeightsError
from upscaler.models.catalogue import Catalogue, catalogue
from upscaler.models.checkpoint import Checkpoint, parts, read_checkpoint
from upscaler.models.convert import converted, shapes
from upscaler.models.formats import digests, fingerprint, is_path
from upscaler.models.manifest import Entry
from upscaler.models.model import Model
from upscaler.models.sources import Tell
from upscaler.models.store import weights_store
from upscaler.networks import family, recognise
from upscaler.networks.family import AnyFamily, State
from upscaler.networks.run import parameters


def load_model(
    model: str | Path,
    scale: float | None = None,
    *,
    offline: bool | None = None,
    mirror: str | Path | None = None,
    tell: Tell | None = None,
) -> Model:
    """A network with its weights.

    Args:
        model: a name of the catalogue (``upscaler models list``), or the path of a checkpoint: ``.pth``,
            ``.safetensors`` (or the index of a sharded one), or either half of an ncnn pair.
        scale: the wanted scale; a model that lacks it gives its next larger native one, else its largest.
            None: x4, or what there is.
        offline: never ask the network; None: as ``UPSCALER_OFFLINE`` says.
        mirror: a folder or address laid out as the manifest's ``mirror`` paths; None: ``UPSCALER_MIRROR``.
        tell: called with (file name, bytes here, bytes in all or None) while a file is downloaded.

    Raises ModelError: no such model, or no known architecture; WeightsError: its file cannot be had or is damaged.
    """
    known = catalogue()
    if isinstance(model, Path) or is_path(model):
        return load_file(Path(model).expanduser(), known, scale)
    entry = known.find(model, scale)
    return load_entry(entry, weights_store(offline=offline, mirror=mirror, tell=tell).fetch(entry), scale)


def load_entry(entry: Entry, files: tuple[Path, ...], scale: float | None = None) -> Model:
    """The network of a row whose files are at hand and have been checked."""
    return _build(entry.name, files, entry, scale)


def load_file(path: Path, known: Catalogue, scale: float | None = None) -> Model:
    """The network of a checkpoint: by its hash if the catalogue knows it, else by its keys and shapes."""
    files = parts(path)
    entry = known.by_files(*map(digests, files))
    return _build(entry.name if entry else path.name.split(".")[0], files, entry, scale)


def try_out(entry: Entry, files: tuple[Path, ...]) -> None:
    """Raises ModelError unless the files load as the model that the row describes: architecture, scale, size."""
    name = entry.files[0].name if entry.files else files[0].name
    checkpoint = read_checkpoint(files[0], entry.state.outer)
    chosen = _decided(checkpoint, entry.architecture, name)
    if not chosen.recognises(shapes(checkpoint.state)):
        raise WeightsError(f"{name} is not a network of the architecture {entry.architecture}.")
    config = chosen.read_config(shapes(checkpoint.state))
    traits = chosen.traits(config)
    if entry.scale not in ("any", traits.scale):
        raise WeightsError(f"{name} is a network for x{traits.scale:g}, not x{entry.scale}.")
    size = parameters(chosen.build(config))
    if entry.cost is not None and size != entry.cost.params:
        raise WeightsError(f"{name} has {size:,} parameters, but {entry.name} has {entry.cost.params:,}.")


def the_one_family(state: State, name: str) -> AnyFamily:
    """The architecture that a state dict belongs to.  Raises ModelError if there is none, or more than one."""
    found = recognise(shapes(state))
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(candidate.name for candidate in found)
        raise ModelError(
            f"{name} fits more than one architecture ({names}), which share keys and shapes; say which with "
            "`upscaler models import FILE --architecture NAME`."
        )
    sample = ", ".join(list(state)[:3])
    raise ModelError(f"{name} is no network that this version knows (its tensors: {sample}, ...).")


def _build(name: str, files: tuple[Path, ...], entry: Entry | None, scale: float | None) -> Model:
    sha256, file = fingerprint(files), files[0].name
    form = converted(
        sha256,
        file,
        lambda: read_checkpoint(files[0], entry.state.outer if entry else None),
        lambda checkpoint: _decided(checkpoint, entry.architecture if entry else None, file),
    )
    chosen = family(form.architecture)
    config = form.config(file)
    if chosen.any_scale is not None and scale is not None:
        config = chosen.any_scale(config, scale)
    network = chosen.build(config)
    try:
        network.load_state_dict(form.state)
    except RuntimeError as error:
        raise WeightsError(f"{file} does not fit the architecture {chosen.name}: {_first_misfit(error)}.") from error
    network.eval().requires_grad_(False)
    return Model(name, chosen.name, network, chosen.traits(config), sha256, entry)


def _decided(checkpoint: Checkpoint, architecture: str | None, name: str) -> AnyFamily:
    """By the manifest, else by what the file says of itself, else by its keys and shapes."""
    said = architecture or checkpoint.metadata.get("architecture")
    return family(said) if said else the_one_family(checkpoint.state, name)


def _first_misfit(error: RuntimeError) -> str:
    lines = [line.strip().rstrip(".") for line in str(error).splitlines()[1:]]
    return lines[0][:200] if lines else "its tensors do not match"

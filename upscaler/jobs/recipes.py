"""Which networks are run for an input, one after the other, and the engines that run them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from upscaler.errors import ModelError
from upscaler.jobs.settings import Settings

if TYPE_CHECKING:
    from upscaler.engine import Upscaler
    from upscaler.engine.events import Event as EngineEvent
    from upscaler.models.manifest import Entry
    from upscaler.models.model import Model


@dataclass(frozen=True, slots=True)
class Step:
    """One network that is run."""

    model: str
    """A name of the catalogue, or a path."""

    scale: float
    identity: str
    """Hash of the weights, or the name where the manifest states none: what receipts compare."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is run to reach a scale; the result is then brought to the exact size."""

    steps: tuple[Step, ...]
    sentence: str | None = None
    """What to tell the user; None where the model has exactly this scale."""

    @property
    def scale(self) -> float:
        product = 1.0
        for step in self.steps:
            product *= step.scale
        return product


class Models:
    """The models of one job: chosen by the settings, loaded when they are needed, kept until the job ends.

    Raises ModelError where the choice or the loading fails.
    """

    def __init__(self, settings: Settings, *, offline: bool | None = None, mirror: str | Path | None = None) -> None:
        self.settings = settings
        self.reason = ""
        """Why the model was chosen, where we did it."""

        self._offline, self._mirror = offline, mirror
        self._recipes: dict[float, Recipe] = {}
        self._loaded: dict[tuple[str, float], Model] = {}
        self._upscalers: dict[tuple[str, float], Upscaler] = {}

    def recipe(self, scale: float) -> Recipe:
        """What is run to enlarge by ``scale`` (any number above 0)."""
        if scale not in self._recipes:
            self._recipes[scale] = self._recipe(scale)
        return self._recipes[scale]

    @property
    def names(self) -> list[str]:
        """The models that the recipes so far name, as users call them."""
        steps = (step for recipe in self._recipes.values() for step in recipe.steps)
        return list(dict.fromkeys(f"{Path(step.model).stem} x{step.scale:g}" for step in steps))

    @property
    def sentences(self) -> list[str]:
        """What the recipes say where a model lacks the wanted scale."""
        return list(dict.fromkeys(r.sentence for r in self._recipes.values() if r.sentence))

    def load(self) -> None:
        """Loads whatever the recipes so far need, so that nothing is begun that cannot be done."""
        for recipe in self._recipes.values():
            for step in recipe.steps:
                self._model(step)

    def upscaler(
        self, step: Step, *, tell: Callable[[EngineEvent], None] | None = None, stop: Callable[[], bool] | None = None
    ) -> Upscaler:
        """The engine for one step.  ``tell`` and ``stop`` are those of the first call for a step."""
        key = (step.model, step.scale)
        if key not in self._upscalers:
            from upscaler.engine import Upscaler

            s = self.settings
            self._upscalers[key] = Upscaler(
                self._model(step),
                device=s.device,
                precision=s.precision,
                tile=s.tile,
                exact=s.exact,
                memory=s.memory,
                threads=s.threads,
                executor=s.executor,
                tell=tell,
                stop=stop,
            )
        return self._upscalers[key]

    def _model(self, step: Step) -> Model:
        from upscaler.models.loading import load_model

        key = (step.model, step.scale)
        if key not in self._loaded:
            self._loaded[key] = load_model(step.model, step.scale, offline=self._offline, mirror=self._mirror)
        return self._loaded[key]

    def _recipe(self, scale: float) -> Recipe:
        from upscaler.models.catalogue import official_catalogue
        from upscaler.models.checkpoint import is_weights_path

        name = self.settings.model
        if name == "auto":
            name, self.reason = self._automatic(scale)
        if "/" in name or "\\" in name or is_weights_path(name):
            return self._of_file(name, scale)
        service = official_catalogue().serve(name, scale)
        return Recipe(tuple(_step(entry, scale) for entry in service.passes), service.sentence)

    def _automatic(self, scale: float) -> tuple[str, str]:
        raise ModelError("No model was named; -m span names one.")

    def _of_file(self, path: str, scale: float) -> Recipe:
        from upscaler.models.catalogue import passes
        from upscaler.models.loading import load_model

        model = load_model(path, scale, offline=self._offline, mirror=self._mirror)
        step = Step(path, model.scale, model.sha256)
        self._loaded[path, model.scale] = model
        if model.scale <= 1:
            return Recipe((step,), None if scale == model.scale else _resized(path, model.scale, scale))
        count = 1 if model.scale >= scale else len(passes((int(model.scale),), scale))
        sentence = None if scale == model.scale else _resized(path, model.scale, scale)
        return Recipe((step,) * count, sentence)


def _step(entry: Entry, scale: float) -> Step:
    hashes = [file.sha256 or file.git_blob_sha1 or file.name for file in entry.files]
    native = scale if entry.scale == "any" else float(entry.scale)
    return Step(entry.name, native, f"{entry.key}:{','.join(hashes)}")


def _resized(path: str, native: float, scale: float) -> str:
    return f"{Path(path).name} has x{native:g} only; x{scale:g} is made by running it and resizing."

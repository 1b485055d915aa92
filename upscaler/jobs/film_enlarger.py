"""The networks of a recipe, one after the other, for the frames of one film."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from upscaler.engine.frames import FINE, Enlarged, FrameUpscaler, share_unchanged
from upscaler.jobs import events
from upscaler.jobs.film_plan import FilmWork
from upscaler.jobs.sizes import out_edge
from upscaler.jobs.work import Item
from upscaler.media.films.colour import Floats, to_rgb
from upscaler.media.films.sources import frames_of

if TYPE_CHECKING:
    from upscaler.engine import Upscaler
    from upscaler.engine.events import Event
    from upscaler.jobs.session import Session

_GROUP = 8
"""Frames that go to a graphics card together; a divisor of every piece."""

_PLACES, _RUN = 6, 3
"""Where, all over the film, and how many consecutive frames are looked at to see whether it stands still."""

WHOLE = 0
"""For a core: the frame is one tile."""


class Enlarger:
    """Calls of ``choose`` (once for a film), ``settle``, then ``enlarge`` for its frames in order."""

    def __init__(self, work: FilmWork, session: Session, item: Item) -> None:
        self._work = work
        self._settings = session.settings
        tell = _teller(session, item)
        self._upscalers: list[Upscaler] = [
            session.models.upscaler(step, tell=tell, stop=session.control.stop) for step in work.recipe.steps
        ]
        self._steps: list[FrameUpscaler] = []
        self._between: list[Floats] = []  # the last frame that each network but the last one made
        self._told = (0, 0)

    @property
    def group(self) -> int:
        """How many frames ``enlarge`` is given at once."""
        return 1 if self.on_cpu else _GROUP

    @property
    def on_cpu(self) -> bool:
        """All networks compute on the processor."""
        return all(upscaler.device.type == "cpu" for upscaler in self._upscalers)

    @property
    def computed_by(self) -> str:
        """What computes: ``native in float32 on cpu``."""
        names = (f"{u.executor} in {str(u.dtype).removeprefix('torch.')} on {u.device}" for u in self._upscalers)
        return ", ".join(dict.fromkeys(names))

    def choose(self) -> dict[str, int]:
        """The tiles for each network: small ones where most of the film stands still.

        Small tiles cost more, each by its halo, and gain where they need not be computed.  The choice looks at the
        film, not at whether tiles may be reused, so that the result is the same either way.
        """
        chosen = {}
        size = (self._work.height, self._work.width)
        still: float | None = None
        for index, upscaler in enumerate(self._upscalers):
            core = upscaler.core_for(*size)
            traits = upscaler.model.traits
            if traits.exact_tiles and self._settings.tile is None and max(size) > FINE + 2 * traits.halo:
                still = self._still(traits.halo) if still is None else still
                fine = (1 - still) * _overhead(FINE, traits.halo)
                core = FINE if fine < 0.9 * _overhead(core, traits.halo) else core
            chosen[str(index)] = core or WHOLE
            size = (out_edge(size[0], upscaler.model.scale), out_edge(size[1], upscaler.model.scale))
        return chosen

    def settle(self, choices: dict[str, int]) -> None:
        """Takes the tiles that ``choose`` gave, now or when the film was begun."""
        size = (self._work.height, self._work.width)
        self._steps, self._between = [], []
        for index, upscaler in enumerate(self._upscalers):
            core = choices.get(str(index), WHOLE) or None
            self._steps.append(FrameUpscaler(upscaler, size, core, reuse=self._settings.film.reuse))
            size = (out_edge(size[0], upscaler.model.scale), out_edge(size[1], upscaler.model.scale))

    def enlarge(self, frames: Sequence[Floats], begins_a_piece: bool) -> list[Enlarged]:
        """Consecutive frames through all networks."""
        if begins_a_piece:
            for step in self._steps:
                step.forget()
        result = self._steps[0].enlarge(frames)
        for index, step in enumerate(self._steps[1:]):
            result = step.enlarge(self._assembled(index, result))
        return result

    def _assembled(self, index: int, frames: Sequence[Enlarged]) -> list[Floats]:
        """Whole frames, for the next network; each an array of its own where it differs from the one before."""
        whole = []
        for frame in frames:
            before = self._between[index] if index < len(self._between) else None
            shown = frame.onto(before.copy() if before is not None and frame.parts and not frame.anew else before)
            self._between[index : index + 1] = [shown]
            whole.append(shown)
        return whole

    def counts(self) -> tuple[int, int]:
        """Tiles reused and computed since the last call."""
        now = sum(step.reused for step in self._steps), sum(step.computed for step in self._steps)
        since = now[0] - self._told[0], now[1] - self._told[1]
        self._told = now
        return since

    def _still(self, halo: int) -> float:
        """The share of small tiles that equal those of the frame before, at some places of the film."""
        film, span = self._work.film, self._work.span
        begin = span.start or 0.0
        end = min(film.seconds or begin, span.end) if span.end is not None else film.seconds or begin
        places = [begin + (end - begin) * place / _PLACES for place in range(_PLACES)]
        shares = []
        for place in places if film.container not in ("gif", "apng", "webp", "frames") else [begin]:
            frames = [to_rgb(frame.planes, self._work.coding) for frame in islice(frames_of(film, start=place), _RUN)]
            frames = [frame if frame.ndim == 3 else frame[..., None] for frame in frames]
            if len(frames) > 1:
                shares.append(share_unchanged(frames, halo))
        return sum(shares) / len(shares) if shares else 0.0


def _overhead(core: int | None, halo: int) -> float:
    """Pixels computed / pixels kept."""
    return 1.0 if core is None else ((core + 2 * halo) / core) ** 2


def _teller(session: Session, item: Item) -> Callable[[Event], None]:
    """The engine's fallbacks go to the report; its tiles do not: a film's progress is in frames."""
    from upscaler.engine.events import Fallback

    def tell(event: Event) -> None:
        if isinstance(event, Fallback):
            session.report.items[item.number].fallbacks.append(event.sentence)
            session.tell(events.Fallback(item.number, event.sentence))

    return tell

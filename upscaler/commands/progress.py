"""What is said while a job runs: a bar on a terminal, lines elsewhere, JSON for machines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import PurePath
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, TextIO, assert_never

from upscaler.jobs import events
from upscaler.jobs.events import Event

if TYPE_CHECKING:
    from upscaler.jobs import Item, Plan

Teller = Callable[[Event], None]


def line(event: Event) -> str | None:
    """One line for people; None for what is not worth one."""
    match event:
        case events.Planned(model=model, reason=reason):
            return f"{model}: {reason}" if reason else None
        case events.Started() | events.Progress() | events.Downloading():
            return None
        case events.Fallback(sentence=sentence):
            return sentence
        case events.Warned(sentence=sentence):
            return f"Note: {sentence}"
        case events.Finished(output=output, seconds=seconds):
            return f"{output} ({seconds:.1f} s)"
        case events.Failed(sentence=sentence) | events.Skipped(sentence=sentence):
            return sentence
        case events.Completed(finished=finished, failed=failed, skipped=skipped, seconds=seconds):
            others = "".join(f", {n} {word}" for n, word in ((skipped, "skipped"), (failed, "failed")) if n)
            return f"{finished} done{others} in {seconds:.1f} s."
        case _:
            assert_never(event)


def describe(item: Item) -> str:
    """One line about what will be done to an item."""
    work = item.work
    if work is None:
        return item.problem or item.name
    steps = ", then ".join(f"{PurePath(step.model).stem} x{step.scale:g}" for step in work.recipe.steps)
    how = f"; {work.how}, about {_megabytes(work.expected_bytes)}" if work.how else ""
    return f"{item.name} {work.width}x{work.height} -> {item.target} {work.out_width}x{work.out_height} ({steps}{how})"


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


class Forecast:
    """How long a job will take, said soon after its beginning and again every now and then."""

    SOON, AGAIN, WORTH_IT = 5.0, 600.0, 30.0
    """Seconds: after which it is said first, and next; and what is left at least then."""

    def __init__(self, plan: Plan) -> None:
        self._weights = weights_of(plan)
        self._shares: dict[int, float] = {}
        self._begun: float | None = None
        self._next = self.SOON

    def after(self, event: Event) -> str | None:
        """The sentence, when it is time for it."""
        match event:
            case events.Started():
                # Before it the network was loaded: that tells nothing about the time that is left.
                self._begun = monotonic() if self._begun is None else self._begun
            case events.Finished(item=item) | events.Failed(item=item):
                self._shares[item] = 1.0
            case events.Progress(item=item, done=done, total=total) if self._begun is not None and total:
                self._shares[item] = done / total
                return self._said(monotonic() - self._begun)
        return None

    def _said(self, passed: float) -> str | None:
        weight = sum(self._weights.values())
        share = sum(self._shares.get(item, 0.0) * size for item, size in self._weights.items()) / (weight or 1.0)
        if passed < self._next or not 0 < share < 1:
            return None
        self._next = passed + self.AGAIN
        left = passed * (1 - share) / share
        return f"{share:.0%} done, about {_time(left)} to go." if left >= self.WORTH_IT else None


def weights_of(plan: Plan) -> dict[int, float]:
    """Megapixels of each input that is to be done: what its time is taken to follow."""
    return {item.number: item.work.width * item.work.height / 1e6 for item in plan.to_do if item.work}


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


class Lines:
    """Plain lines: results to ``out``, everything else to ``err``."""

    foretells: ClassVar[bool] = True
    """Says how long a job will take."""

    def __init__(
        self,
        plan: Plan,
        *,
        quiet: bool = False,
        verbose: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        self._names = {item.number: PurePath(item.name).name for item in plan.items}
        self._items = {item.number: item for item in plan.items}
        self._quiet, self._verbose = quiet, verbose
        self._forecast = Forecast(plan) if self.foretells and not quiet else None
        # Where the picture itself goes to the standard output, words must not.
        to_stdout = any(item.output is None and item.work is not None for item in plan.items)
        self._out = out or (sys.stderr if to_stdout else sys.stdout)
        self._err = err or sys.stderr

    def __call__(self, event: Event) -> None:
        if self._forecast is not None and (forecast := self._forecast.after(event)) is not None:
            self.say(forecast, self._err)
        text = line(event)
        if self._verbose and isinstance(event, events.Started):
            text = describe(self._items[event.item])
        if text is None or (self._quiet and not isinstance(event, events.Failed)):
            return
        if isinstance(event, events.Warned | events.Fallback) and event.item is not None:
            text = f"{self._names[event.item]}: {text}"
        self.say(text, self._err if isinstance(event, events.Failed | events.Fallback | events.Warned) else self._out)

    def say(self, text: str, stream: TextIO) -> None:
        encoding = stream.encoding or "utf-8"
        # Who listened has perhaps gone; the pictures are wanted all the same.
        with suppress(BrokenPipeError):
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
            stream.flush()

    def close(self) -> None:
        """Nothing more will be said."""


class Bar(Lines):
    """A bar with the time left, weighed by pixels; lines above it for what deserves one."""

    foretells = False  # the bar itself does, all the time

    def __init__(self, plan: Plan, **options: Any) -> None:
        super().__init__(plan, **options)
        from tqdm import tqdm

        weights = self._weights = weights_of(plan)
        self._shares: dict[int, float] = {}
        self._done = 0
        self._at = ""
        self._of = len(weights)
        self._bar = tqdm(
            total=sum(weights.values()) or 1,
            bar_format="{percentage:3.0f}%|{bar}| {desc}{elapsed}, {remaining} left",
            file=sys.stderr,
            dynamic_ncols=True,
            leave=False,
            delay=0.5,
        )

    def __call__(self, event: Event) -> None:
        match event:
            case events.Downloading(file=file, done=done, total=total):
                share = f"{done / total:.0%}" if total else f"{done / 1e6:.1f} MB"
                self._bar.set_description_str(f"downloading {file} {share} ")
            case events.Started(item=item):
                if not self._at:
                    self._bar.unpause()  # loading the network tells nothing about the time that is left
                self._at = self._names[item][:40]
                self._describe()
            case events.Progress(item=item, done=done, total=total):
                # The last bit is the file: 100 % is when it is there and was read back.
                self._to(item, 0.98 * done / total if total else 0.0)
            case events.Finished(item=item) | events.Failed(item=item):
                self._done += item in self._weights
                self._describe()
                self._to(item, 1.0)
            case events.Completed():
                self._bar.close()
        super().__call__(event)

    def say(self, text: str, stream: TextIO) -> None:
        with self._bar.external_write_mode(file=stream):
            super().say(text, stream)

    def close(self) -> None:
        self._bar.close()

    @property
    def share(self) -> float:
        """Of the job, 0 to 1."""
        return float(self._bar.n / self._bar.total)

    def _to(self, item: int, share: float) -> None:
        before = self._shares.get(item, 0.0)
        self._shares[item] = share
        if item in self._weights and share > before:
            # Sums of shares may end beyond the whole by a rounding.
            self._bar.update(min((share - before) * self._weights[item], self._bar.total - self._bar.n))

    def _describe(self) -> None:
        self._bar.set_description_str(f"{self._done}/{self._of} {self._at} ", refresh=False)


class JsonLines:
    """Every event as one line of JSON, in ASCII: ``{"event": "finished", "item": 0, ...}``."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def __call__(self, event: Event) -> None:
        import json

        import msgspec

        fields = {"event": type(event).__name__.lower(), **msgspec.to_builtins(event)}
        with suppress(BrokenPipeError):
            self._out.write(json.dumps(fields) + "\n")
            self._out.flush()

    def close(self) -> None:
        """Nothing more will be said."""


def teller(plan: Plan, *, json: bool, quiet: bool, verbose: bool = False) -> Bar | Lines | JsonLines:
    """What fits the options and the terminal."""
    if json:
        return JsonLines()
    if quiet or not sys.stderr.isatty():
        return Lines(plan, quiet=quiet, verbose=verbose)
    return Bar(plan, verbose=verbose)

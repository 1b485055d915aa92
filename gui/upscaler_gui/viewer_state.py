"""Geometry of the viewer: one zoom and one place for the picture before and after.  No Qt here.

Coordinates are pixels of the *result* (the larger picture), so that 100 % shows its pixels as they are; the picture
before is drawn ``scale`` times as large to lie under it.  ``zoom`` is screen pixels per result pixel.
"""

from dataclasses import dataclass, replace

STEPS = (0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Zooms that keys and wheel stop at; whole factors keep pixels square and equal."""


@dataclass(frozen=True, slots=True)
class ViewerState:
    """What part of a picture is shown, and where the slider stands."""

    picture: tuple[int, int] = (0, 0)
    """Width and height of the result."""

    view: tuple[int, int] = (1, 1)
    """Width and height of the widget, in screen pixels."""

    zoom: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)
    """The result pixel in the middle of the view."""

    fitted: bool = True
    """Resizing the window keeps the whole picture in view."""

    split: float = 0.5
    """The slider: share of the view that shows the picture before, 0..1."""

    def show(self, width: int, height: int) -> "ViewerState":
        """Another picture, fitted; one of the same size keeps zoom and place, so that models can be compared."""
        if (width, height) == self.picture:
            return self
        return replace(self, picture=(width, height)).fit()

    def resize(self, width: int, height: int) -> "ViewerState":
        """The widget has another size."""
        changed = replace(self, view=(max(width, 1), max(height, 1)))
        return changed.fit() if self.fitted else changed._held()

    def fit(self) -> "ViewerState":
        """The whole picture, never enlarged beyond its own pixels."""
        width, height = self.picture
        if not width or not height:
            return replace(self, zoom=1.0, centre=(0.0, 0.0), fitted=True)
        zoom = min(self.view[0] / width, self.view[1] / height, 1.0)
        return replace(self, zoom=zoom, centre=(width / 2, height / 2), fitted=True)

    def zoom_to(self, zoom: float, anchor: tuple[float, float] | None = None) -> "ViewerState":
        """Another zoom; the result pixel under ``anchor`` (screen pixels; None: the middle) stays where it is."""
        zoom = min(max(zoom, STEPS[0]), STEPS[-1])
        screen = anchor or (self.view[0] / 2, self.view[1] / 2)
        held = self.to_picture(screen)
        offset = [(screen[i] - self.view[i] / 2) / zoom for i in (0, 1)]
        return replace(self, zoom=zoom, centre=(held[0] - offset[0], held[1] - offset[1]), fitted=False)._held()

    def step(self, direction: int, anchor: tuple[float, float] | None = None) -> "ViewerState":
        """The next larger (1) or smaller (-1) zoom of ``STEPS``."""
        larger = [z for z in STEPS if z > self.zoom * 1.001]
        smaller = [z for z in STEPS if z < self.zoom * 0.999]
        if direction > 0:
            return self.zoom_to(larger[0], anchor) if larger else self
        return self.zoom_to(smaller[-1], anchor) if smaller else self

    def pan(self, dx: float, dy: float) -> "ViewerState":
        """Move what is shown by screen pixels, as if dragged."""
        centre = (self.centre[0] - dx / self.zoom, self.centre[1] - dy / self.zoom)
        return replace(self, centre=centre, fitted=False)._held()

    def slide(self, split: float) -> "ViewerState":
        """Move the slider."""
        return replace(self, split=min(max(split, 0.0), 1.0))

    def to_picture(self, screen: tuple[float, float]) -> tuple[float, float]:
        """The result pixel at a place of the widget."""
        x, y = ((screen[i] - self.view[i] / 2) / self.zoom + self.centre[i] for i in (0, 1))
        return x, y

    def to_screen(self, pixel: tuple[float, float]) -> tuple[float, float]:
        """The place in the widget of a result pixel."""
        x, y = ((pixel[i] - self.centre[i]) * self.zoom + self.view[i] / 2 for i in (0, 1))
        return x, y

    def visible(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) of the result that is in view, in whole pixels inside the picture."""
        left, top = (max(int(v), 0) for v in self.to_picture((0, 0)))
        right, bottom = (
            min(int(v) + 1, limit)
            for v, limit in zip(self.to_picture((self.view[0], self.view[1])), self.picture, strict=True)
        )
        return left, top, max(right, left), max(bottom, top)

    def _held(self) -> "ViewerState":
        """The centre kept so that no empty margin shows where the picture could fill it."""
        centre = []
        for length, view, place in zip(self.picture, self.view, self.centre, strict=True):
            half = view / self.zoom / 2
            centre.append(length / 2 if 2 * half >= length else min(max(place, half), length - half))
        return replace(self, centre=(centre[0], centre[1]))

"""How long models take on this machine, learned from previews and jobs.  No Qt here.

A pace is seconds per megapixel of input.  It depends on the model and on where and how it runs, so both are its key.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

_HOW = ("device", "precision", "tile", "exact")


class Paces:
    """What was measured, by model and options."""

    def __init__(self, text: str = "") -> None:
        """``text``: from ``to_text`` of an earlier run; what cannot be read is forgotten."""
        try:
            known = json.loads(text) if text else {}
            self._known = {str(key): float(value) for key, value in known.items()}
        except (ValueError, TypeError, AttributeError):
            self._known = {}

    def to_text(self) -> str:
        return json.dumps(self._known)

    def learn(self, models: Sequence[str], options: Mapping[str, Any], seconds: float, megapixels: float) -> None:
        """``models``: names with scales, as a plan has them, in the order in which they run."""
        if models and megapixels > 0:
            self._known[_key(models, options)] = seconds / megapixels

    def pace(self, models: Sequence[str], options: Mapping[str, Any]) -> float | None:
        return self._known.get(_key(models, options))

    def estimate(self, name: str, scale: float, times: Mapping[str, float], options: Mapping[str, Any]) -> float | None:
        """A model that was not tried yet, from one that was: ``times`` says how models compare with one another.

        ``times`` is by name and scale, as ``span x4``.
        """
        wanted = f"{name} x{scale:g}"
        if (measured := self.pace([wanted], options)) is not None:
            return measured
        for other, time in times.items():
            pace = self.pace([other], options)
            if pace is not None and wanted in times:
                return pace / time * times[wanted]
        return None


def _key(models: Sequence[str], options: Mapping[str, Any]) -> str:
    how = [f"{name}={options[name]}" for name in _HOW if name in options]
    return ", ".join([*dict.fromkeys(models), *how])

"""What the Start button promises, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from upscaler.jobs.plan import Plan

translate = QCoreApplication.translate


def plan_summary(plan: Plan, pace: dict[str, float]) -> str:
    """24 inputs, 768x512 -> 3072x2048, span x4, about 40 s.

    ``pace`` is seconds per megapixel of input for the models that were tried on this machine.
    """
    works = [item.work for item in plan.to_do if item.work is not None]
    if not works:
        return translate("Summary", "Nothing to do: everything is skipped or cannot be read.")
    parts = [
        translate("Summary", "1 file")
        if len(works) == 1
        else translate("Summary", "{count} files").format(count=len(works))
    ]
    sizes = {(w.width, w.height, w.out_width, w.out_height) for w in works}
    if len(sizes) == 1:
        width, height, out_width, out_height = next(iter(sizes))
        parts.append(f"{width}×{height} → {out_width}×{out_height}")
    else:
        megapixels = round(sum(w.out_width * w.out_height for w in works) / 1e6)
        parts.append(translate("Summary", "{count} megapixels out").format(count=megapixels))
    parts.append(", ".join(plan.models.names))
    known = pace.get(plan.settings.model)
    if known is not None:
        seconds = known * sum(w.width * w.height for w in works) / 1e6
        parts.append(translate("Summary", "about {time}").format(time=time_text(seconds)))
    return ", ".join(parts)


def time_text(seconds: float) -> str:
    """40 s, 3 min, 2 h 05 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"

"""What the Start button promises, in words."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from upscaler.jobs.report import Report
from upscaler_gui.engine_process import Outlook
from upscaler_gui.sentences import told

translate = QCoreApplication.translate


def promise(outlook: Outlook, seconds: float | None) -> list[str]:
    """Two lines: 24 files, about 40 s; 768×512 → 3072×2048.  ``seconds``: None where nothing is known of the pace."""
    if not outlook.files:
        return [translate("Summary", "Nothing to do: see the rows")]
    first = (
        translate("Summary", "1 file")
        if outlook.files == 1
        else translate("Summary", "{count} files").format(count=outlook.files)
    )
    if seconds is not None:
        first += ", " + translate("Summary", "about {time}").format(time=time_text(seconds))
    if outlook.sizes is not None:
        width, height, out_width, out_height = outlook.sizes
        return [first, f"{width}×{height} → {out_width}×{out_height}"]
    return [first, translate("Summary", "{count} megapixels in all").format(count=round(outlook.megapixels_out))]


def outcome(report: Report) -> str:
    """23 done, 1 failed, in 40 s; or the sentence with which the job ended early."""
    if report.error:
        return told(report.error)
    counted = (
        (report.count("finished"), translate("Summary", "{count} done")),
        (report.count("skipped"), translate("Summary", "{count} skipped")),
        (report.count("failed"), translate("Summary", "{count} failed")),
    )
    parts = [text.format(count=count) for count, text in counted if count]
    parts.append(translate("Summary", "in {time}").format(time=time_text(report.seconds)))
    return ", ".join(parts)


def time_text(seconds: float) -> str:
    """40 s, 3 min, 2 h 05 min."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"

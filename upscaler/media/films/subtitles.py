"""Text subtitles of one kind into another, by way of FFmpeg's common form (lines of ASS)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle, SubtitleSet

_LIBRARIES = {"subrip": "srt"}
_COMMAS = 8
"""Fields of a line of ASS that come before its text."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is shown from ``start`` to ``end`` (ticks of the source)."""

    start: int
    end: int
    fields: bytes
    """Style and the like: what stands before the text in its line."""

    text: bytes


class SubtitleConverter:
    """Into ``codec``, all subtitles of a stream at once."""

    def __init__(self, source: SubtitleStream, codec: str) -> None:
        self._time_base = source.time_base or Fraction(1, 1000)
        self._side_by_side = codec == "mov_text"
        self._source = source.codec_context
        self._source.open(strict=False)
        self.header = self._source.subtitle_header
        encoder = av.CodecContext.create(_LIBRARIES.get(codec, codec), "w")
        assert isinstance(encoder, SubtitleCodecContext)
        self._encoder = encoder
        self._encoder.subtitle_header = self.header
        self._encoder.time_base = Fraction(1, 1000)

    def convert(self, packets: Iterable[av.Packet[SubtitleStream]]) -> Iterator[Any]:
        """Packets in the order of time.  Those that say nothing (MP4 fills pauses so) give none."""
        texts = [text for packet in packets if (text := self._decoded(packet)) is not None]
        for text in in_turn(texts) if self._side_by_side else texts:
            try:
                shown = SubtitleSet.create(text.fields + text.text, 0, self._milliseconds(text))
                result: Any = self._encoder.encode_subtitle(shown)
            except av.InvalidDataError:
                continue
            result.pts = result.dts = text.start
            result.duration, result.time_base = text.end - text.start, self._time_base
            yield result

    def _milliseconds(self, text: Text) -> int:
        return round((text.end - text.start) * self._time_base * 1000)

    def _decoded(self, packet: av.Packet[SubtitleStream]) -> Text | None:
        try:
            shown = self._source.decode2(packet)
        except av.InvalidDataError:
            return None
        lines = [rect.ass for rect in shown or () if isinstance(rect, AssSubtitle)]
        if not lines or packet.pts is None:
            return None
        fields = [line.split(b",", _COMMAS) for line in lines]
        text = b"\\N".join(line[-1] for line in fields)
        return Text(packet.pts, packet.pts + (packet.duration or 0), b",".join(fields[0][:-1]) + b",", text)


def in_turn(texts: Iterable[Text]) -> list[Text]:
    """The same on the screen without two texts at a time, which MP4 has no place for: together they are one text."""
    result: list[Text] = []
    shown: list[Text] = []
    since = 0

    def show_until(when: int | None) -> None:
        nonlocal shown, since
        while shown:
            end = min(text.end for text in shown)
            end = end if when is None else min(end, when)
            if end > since:
                together = b"{\\r}\\N".join(text.text for text in shown)
                result.append(replace(shown[0], start=since, end=end, text=together))
                since = end
            shown = [text for text in shown if text.end > end]
            if end == when:
                return

    for text in sorted(texts, key=lambda text: text.start):
        show_until(text.start)
        since = text.start
        if text.end > text.start:
            shown.append(text)
        else:
            result.append(text)  # nobody said how long
    show_until(None)
    return result

"""Sound of a kind that no container of films holds (of DVDs and Blu-rays, old AVIs, broadcasts) as FLAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.stream import Stream

_USUAL = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""What so many channels mean where the source does not tell (FFmpeg's table)."""

_BITS = {"u8": 16, "s16": 16, "s32": 24, "flt": 24, "dbl": 24}
"""Of FLAC, for samples as they are decoded."""

_GAP = 0.02
"""Seconds: more is a gap in the sound, less is rounding of times."""

Samples = npt.NDArray[Any]
"""n, channels; int16, or int32 of which the upper 24 bits count."""


def layout_of(stream: AudioStream) -> str | None:
    """The name of the channels' places; None where there is no name for them."""
    layout = stream.codec_context.layout
    untold = layout.name == f"{layout.nb_channels} channels"
    return _USUAL.get(layout.nb_channels) if untold else layout.name


def flac_bits(stream: Stream) -> int:
    """Of its samples in FLAC; 0: it is no sound, or none that can be decoded, or has too many channels."""
    context = stream.codec_context if isinstance(stream, AudioStream) else None
    if context is None or context.format is None or context.layout.nb_channels not in _USUAL:
        return 0
    return _BITS.get(context.format.name.rstrip("p"), 0)


class FlacConverter:
    """Packets of a sound stream in, packets of FLAC out.  Gaps become silence, so that each sample keeps its time."""

    def __init__(self, source: AudioStream, encoder: AudioCodecContext) -> None:
        self._decoder = source.codec_context
        self._encoder = encoder
        self._rate = source.codec_context.sample_rate
        self._layout = layout_of(source) or _USUAL[source.codec_context.layout.nb_channels]
        encoder.sample_rate = self._rate
        encoder.layout = self._layout
        encoder.format = "s16" if flac_bits(source) == 16 else "s32"
        self._counted = source.container.format.name == "avi"
        """AVI knows the order of sound and not its times, which FFmpeg makes up and may get wrong."""

        self._waiting: list[Samples] = []
        self._start: int | None = None
        """Time of the first sample that waits, counted in samples."""

    def convert(self, packet: av.Packet[AudioStream]) -> Iterator[Any]:
        """The packets that are whole by then."""
        try:
            frames = self._decoder.decode(packet)
        except av.InvalidDataError:
            return  # the gap becomes silence
        for frame in frames:
            yield from self._take(frame)

    def rest(self) -> Iterator[Any]:
        """What was held back."""
        for frame in self._decoder.decode(None):
            yield from self._take(frame)
        if self._held():
            yield from self._encode(self._held())
        yield from self._encoder.encode(None)

    def _take(self, frame: av.AudioFrame) -> Iterator[Any]:
        samples = _samples(frame)
        missing = 0
        if frame.pts is not None and frame.time_base is not None:
            begins = round(frame.pts * frame.time_base * self._rate)
            self._start = begins if self._start is None else self._start
            missing = 0 if self._counted else begins - self._start - self._held()
        self._start = self._start or 0
        while missing > _GAP * self._rate:
            silence = np.zeros_like(samples, shape=(min(missing, self._rate), samples.shape[1]))
            missing -= len(silence)
            yield from self._add(silence)
        yield from self._add(samples)

    def _add(self, samples: Samples) -> Iterator[Any]:
        self._waiting.append(samples)
        size = self._encoder.frame_size
        while self._held() >= size:
            yield from self._encode(size)

    def _held(self) -> int:
        return sum(len(samples) for samples in self._waiting)

    def _encode(self, count: int) -> Iterator[Any]:
        assert self._start is not None
        held = np.concatenate(self._waiting)
        whole = np.ascontiguousarray(held[:count]).reshape(1, -1)
        self._waiting = [held[count:]]
        frame = av.AudioFrame.from_ndarray(whole, format=self._encoder.format.name, layout=self._layout)
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self._start, Fraction(1, self._rate)
        self._start += count
        yield from self._encoder.encode(frame)


def _samples(frame: av.AudioFrame) -> Samples:
    array = frame.to_ndarray()
    channels = frame.layout.nb_channels
    samples = array.T if frame.format.is_planar else array.reshape(-1, channels)
    if samples.dtype == np.uint8:
        return (samples.astype(np.int16) - 128) << 8
    if samples.dtype in (np.int16, np.int32):
        return samples
    top = 1 << 23
    whole: Samples = np.clip(np.rint(samples * top), -top, top - 1).astype(np.int32) << 8
    return whole

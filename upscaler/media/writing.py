"""Pictures to files: whole, checked, or not there at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self

import numpy as np

from upscaler.errors import MediaError
from upscaler.media import exif
from upscaler.media.files import NewFile, told
from upscaler.media.formats import FORMATS, Format, of_suffix
from upscaler.media.picture import Metadata, Picture, Pixels
from upscaler.media.still import read_header

QUALITY = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What is to be written: the format has been chosen so that it can hold this."""

    format: Format
    width: int
    height: int
    channels: int
    dtype: str
    quality: int = QUALITY
    """0..100 (best); without meaning where ``lossless``."""

    lossless: bool = True


class _Writer(Protocol):
    def write(self, rows: Pixels) -> None: ...
    def close(self) -> None: ...


class FileSink:
    """Rows to a picture file (a ``Sink``); a context manager that abandons what was not committed.

    The file is written under a hidden name, read back, and only then gets its own.
    Raises DiskFull when the disk is full, MediaError when the file cannot be written or reads back wrong.
    """

    def __init__(self, path: Path, form: Form, metadata: Metadata | None = None) -> None:
        self._form = form
        self._new = NewFile(path)
        self.path = path
        try:
            with told(path):
                self._writer = _writer(self._new.file, form, metadata or Metadata())
        except BaseException:
            self._new.abandon()
            raise

    def write(self, rows: Pixels) -> None:
        with told(self.path):
            self._writer.write(rows)

    def commit(self, noted: Callable[[Path], None] | None = None) -> None:
        """``noted`` is called with the finished, checked file just before it gets its name."""
        with told(self.path):
            self._writer.close()
        self._new.flush()
        check_written(self._new.part, self.path, self._form)
        if noted is not None:
            noted(self._new.part)
        self._new.commit()

    def abandon(self) -> None:
        self._new.abandon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()


def write_picture(
    picture: Picture,
    path: Path,
    *,
    quality: int | None = None,
    lossless: bool = False,
    noted: Callable[[Path], None] | None = None,
) -> None:
    """Writes a picture in the format of the path's ending (``.png`` where that says nothing), replacing the file.

    The pixels must be in a form that the format holds (``convert.converted`` makes it).
    ``noted``: see ``FileSink.commit``.
    """
    target = of_suffix(path.suffix) or FORMATS["png"]
    form = Form(
        format=target,
        width=picture.width,
        height=picture.height,
        channels=picture.channels,
        dtype=str(picture.pixels.dtype),
        quality=QUALITY if quality is None else quality,
        lossless=lossless or not target.lossy,
    )
    with FileSink(path, form, picture.metadata) as sink:
        sink.write(picture.pixels)
        sink.commit(noted)


def enlarged_metadata(metadata: Metadata, width: int, height: int, *, strip: bool = False) -> Metadata:
    """What stays true of the enlarged, upright picture.  ``strip``: only what concerns its colours."""
    if strip:
        return Metadata(icc=metadata.icc, png_colour=metadata.png_colour)
    return replace(
        metadata,
        exif=exif.made_true(metadata.exif, width, height) if metadata.exif else None,
        xmp=exif.xmp_made_true(metadata.xmp, width, height) if metadata.xmp else None,
    )


def check_written(part: Path, path: Path, form: Form) -> None:
    """Raises MediaError unless the file at ``part`` is the picture that ``form`` describes."""
    try:
        found = read_header(part, most_pixels=form.width * form.height)
    except MediaError as error:
        raise MediaError(f"{path} was written but cannot be read back; nothing was left there.") from error
    have = (found.width, found.height, found.channels, found.dtype)
    want = (form.width, form.height, form.channels, form.dtype)
    if have != want:
        raise MediaError(f"{path} was written as {have} instead of {want}; nothing was left there.")
    if form.format.name == "jpg":
        with part.open("rb") as file:
            file.seek(-2, 2)
            if file.read() != b"\xff\xd9":
                raise MediaError(f"{path} was not written to its end; nothing was left there.")


def _writer(file: BinaryIO, form: Form, metadata: Metadata) -> _Writer:
    from upscaler.media.jpeg import JpegWriter
    from upscaler.media.png import PngWriter
    from upscaler.media.tiff import TiffWriter

    shape = (form.width, form.height, form.channels)
    match form.format.name:
        case "png":
            return PngWriter(file, *shape, form.dtype, metadata)
        case "tiff":
            return TiffWriter(file, *shape, form.dtype, metadata)
        case "jpg":
            return JpegWriter(file, *shape, metadata, form.quality)
        case _:
            return _WholeWriter(file, form, metadata)


class _WholeWriter:
    """For formats whose encoders want the whole picture."""

    def __init__(self, file: BinaryIO, form: Form, metadata: Metadata) -> None:
        self._file = file
        self._form = form
        self._metadata = metadata
        self._pixels = np.empty((form.height, form.width, form.channels), form.dtype)
        self._filled = 0

    def write(self, rows: Pixels) -> None:
        self._pixels[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)

    def close(self) -> None:
        if self._form.format.name == "jxl":
            self._file.write(_jxl(self._pixels, self._form))
        elif self._form.format.name == "jp2":
            self._file.write(_jp2(self._pixels, self._form))
        else:
            self._pillow()

    def _pillow(self) -> None:
        from PIL import Image

        form, data = self._form, self._metadata
        options: dict[str, Any] = {}
        if form.format.metadata:
            options |= {"icc_profile": data.icc} if data.icc else {}
            options |= {"exif": b"Exif\0\0" + data.exif} if data.exif else {}
            options |= {"xmp": data.xmp} if data.xmp else {}
        if form.format.name == "webp":
            options |= {"quality": form.quality, "lossless": form.lossless, "exact": form.lossless, "method": 2}
            if form.lossless:
                options |= {"quality": 50, "method": 1}  # here these are effort
        elif form.format.name == "avif":
            options |= {"quality": form.quality, "subsampling": "4:4:4", "speed": 8}
        elif form.format.name == "bmp" and data.dpi:
            options["dpi"] = data.dpi
        pixels = self._pixels[:, :, 0] if form.channels == 1 else self._pixels
        name = {"ppm": "PPM", "tga": "TGA", "webp": "WEBP", "avif": "AVIF", "bmp": "BMP"}[form.format.name]
        # Through memory: Pillow's own writes to a file would not say that the disk is full.
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, name, **options)
        self._file.write(buffer.getbuffer())


def _jxl(pixels: Pixels, form: Form) -> bytes:
    import imagecodecs

    if form.lossless:
        return bytes(imagecodecs.jpegxl_encode(pixels, lossless=True, effort=3))
    # libjxl's own mapping of JPEG's quality to its distance.
    q = form.quality
    distance = 0.1 + (100 - q) * 0.09 if q >= 30 else 6.4 + 2.5 ** ((30 - q) / 5) / 6.25
    return bytes(imagecodecs.jpegxl_encode(pixels, distance=min(distance, 15.0), effort=5))


def _jp2(pixels: Pixels, form: Form) -> bytes:
    import imagecodecs

    decibels = 0 if form.lossless else 20 + form.quality * 2 // 5  # 0 is lossless
    return bytes(imagecodecs.jpeg2k_encode(pixels, level=decibels, codecformat="jp2"))

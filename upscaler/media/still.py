"""Pictures from files: recognised by content, their depth found from the header before a reader is chosen.

Pillow would read 16 bits as 8 without a word, so what is deeper goes through imagecodecs and tifffile.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np

from upscaler.errors import MediaError, RoomError, UsageError
from upscaler.media import exif, png
from upscaler.media.jxl import read_size
from upscaler.media.picture import Header, Metadata, Picture, Pixels

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 1_000_000_000
"""Of one picture: a file of a few kilobytes can claim any size."""

_UNREAD = "Profile, EXIF and XMP of this format are not read: its colours are taken for sRGB."

_PILLOW_FORMATS = (
    "PNG", "JPEG", "WEBP", "TIFF", "BMP", "DIB", "GIF", "AVIF", "JPEG2000", "PPM", "TGA", "QOI", "PCX", "SGI",
    "ICO", "ICNS", "DDS", "PSD",
)  # fmt: skip
_NAMES = {"JPEG": "jpg", "MPO": "jpg", "JPEG2000": "jp2", "DIB": "bmp"}
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_TIFF_TAGS = {271, 272, 305, 306, 315, 33432}  # make, model, software, date, artist, copyright

File = Path | bytes
"""A picture: its path, or its bytes."""


def sniff(head: bytes) -> str | None:
    """What a file with these first bytes is: a format's name, ``text``, or None."""
    if head.startswith(png.SIGNATURE):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    if head[:2] == b"BM":
        return "bmp"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:2] == b"\xff\x0a" or head[:12] == b"\0\0\0\x0cJXL \r\n\x87\n":
        return "jxl"
    if head[4:8] == b"ftyp":
        brands = {head[at : at + 4] for at in range(8, min(len(head), 64), 4)}
        if brands & {b"avif", b"avis"}:
            return "avif"
        if brands & set(_HEIF_BRANDS):
            return "heic"
    if head[:12] == b"\0\0\0\x0cjP  \r\n\x87\n" or head[:4] == b"\xff\x4f\xff\x51":
        return "jp2"
    return None


def read_header(file: File, *, most_pixels: int = MOST_PIXELS) -> Header:
    """What the file says of itself, without decoding its pixels.

    Raises MediaError when it is no picture, cannot be read, or claims more than ``most_pixels``.
    """
    with told(file):
        header = _header(file)
    if header.width * header.height > most_pixels:
        raise MediaError(
            f"{name_of(file)} claims {header.width}x{header.height} pixels, more than the limit of "
            f"{most_pixels / 1e6:.0f} megapixels; --max-megapixels raises it if you trust the file."
        )
    return header


def read_picture(file: File, *, most_pixels: int = MOST_PIXELS) -> Picture:
    """The whole picture, upright, in its own depth.  Raises MediaError, or RoomError when memory does not suffice."""
    header = read_header(file, most_pixels=most_pixels)
    with told(file):
        pixels, metadata = _decoders(header)(file)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    upright = turned(pixels, header.orientation)
    return Picture(np.ascontiguousarray(upright), metadata, header.format)


def read_metadata(file: File) -> Metadata:
    """What belongs to the pixels, without decoding them.  Raises MediaError."""
    with told(file):
        kind = sniff(beginning(file))
        if kind == "png":
            with opened(file) as stream:
                return png.read_header(stream).metadata
        if kind == "tiff":
            import tifffile

            with opened(file) as stream, tifffile.TiffFile(stream) as tiff:
                return replace(_tiff_metadata(tiff.pages[0]), exif=_deep_tiff_exif(file))
        with _pillow(file) as image:
            return _metadata(image, file)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels as shown, from pixels as stored under this EXIF orientation."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def name_of(file: File) -> str:
    """How errors call it."""
    return str(file) if isinstance(file, Path) else "The picture from the standard input"


def opened(file: File) -> BinaryIO:
    return file.open("rb") if isinstance(file, Path) else io.BytesIO(file)


def beginning(file: File, count: int = 64) -> bytes:
    if isinstance(file, bytes):
        return file[:count]
    with file.open("rb") as stream:
        return stream.read(count)


def _header(file: File) -> Header:
    kind = sniff(beginning(file))
    readers: dict[str | None, Callable[[File], Header]] = {
        "png": _png_header,
        "tiff": _tiff_header,
        "jxl": _jxl_header,
        "heic": _heic_header,
    }
    header = readers.get(kind, _pillow_header)(file)
    if header.orientation >= 5:
        header = replace(header, width=header.height, height=header.width)
    if header.frames > 1:
        header = replace(header, notes=(*header.notes, f"Only the first of {header.frames} frames or pages is taken."))
    return header


def _decoders(header: Header) -> Callable[[File], tuple[Pixels, Metadata]]:
    if header.format == "png" and header.dtype == "uint16":
        return _read_deep_png
    if header.format == "tiff" and header.dtype != "uint8":
        return _read_deep_tiff
    if header.format == "avif" and header.dtype == "uint16":
        return _read_deep_avif
    if header.format == "jxl":
        return _read_jxl
    if header.format == "heic":
        return _read_heic
    if header.format == "jp2":
        return _read_jp2
    return _read_with_pillow


# --- PNG ---------------------------------------------------------------------------------------------------------


def _png_header(file: File) -> Header:
    with opened(file) as stream:
        found = png.read_header(stream)
    if not found.whole:
        raise MediaError("ends in the middle of the picture")
    return Header(
        format="png",
        width=found.width,
        height=found.height,
        channels=found.channels,
        dtype="uint16" if found.depth == 16 else "uint8",
        frames=found.frames,
        orientation=exif.orientation(found.metadata.exif),
        icc=found.metadata.icc is not None,
        described=bool(found.metadata.exif or found.metadata.xmp),
    )


def _read_deep_png(file: File) -> tuple[Pixels, Metadata]:
    import imagecodecs

    with opened(file) as stream:
        header = png.read_header(stream)
        stream.seek(0)
        pixels = imagecodecs.png_decode(stream.read())
    return pixels.astype(np.uint16, copy=False), header.metadata


# --- TIFF --------------------------------------------------------------------------------------------------------


def _tiff_header(file: File) -> Header:
    import tifffile

    with opened(file) as stream, tifffile.TiffFile(stream) as tiff:
        page: Any = tiff.pages[0]
        if not isinstance(page, tifffile.TiffPage) or min(page.imagewidth, page.imagelength) < 1:
            raise MediaError("has no picture in it")
        dtype = _tiff_dtype(page)
        tag = page.tags.get(274)
        orientation = tag.value if tag and tag.value in range(1, 9) else 1
        return Header(
            format="tiff",
            width=page.imagewidth,
            height=page.imagelength,
            channels=_tiff_channels(page),
            dtype=dtype,
            frames=len(tiff.pages),
            orientation=orientation,
            icc=34675 in page.tags,
            described=bool({700, 34665, 34853} & set(page.tags.keys())),
            lossless=page.compression not in (6, 7),
        )


def _tiff_dtype(page: Any) -> str:
    if page.dtype is None:
        raise MediaError(f"has pixels of {page.bitspersample} bits, which cannot be read")
    if page.dtype.kind == "f":
        return "float32"
    return "uint8" if page.dtype.itemsize == 1 else "uint16"


def _tiff_channels(page: Any) -> int:
    photometric = int(page.photometric)
    if photometric in (0, 1):
        return 2 if page.samplesperpixel == 2 else 1
    if photometric == 5:
        return 3
    return 4 if page.samplesperpixel == 4 else 3


def _read_deep_tiff(file: File) -> tuple[Pixels, Metadata]:
    import tifffile

    with opened(file) as stream, tifffile.TiffFile(stream) as tiff:
        page: Any = tiff.pages[0]
        pixels = page.asarray()
        if int(page.planarconfig) == 2 and pixels.ndim == 3:
            pixels = np.moveaxis(pixels, 0, -1)
        pixels = pixels.reshape(page.imagelength, page.imagewidth, -1)[:, :, :4]
        if pixels.dtype.kind == "f":
            pixels = pixels.astype(np.float32)
        elif pixels.dtype.kind == "i":
            raise MediaError("has signed whole numbers as pixels, which have no black and white")
        elif pixels.dtype.itemsize > 2:
            pixels = (pixels >> (8 * pixels.dtype.itemsize - 16)).astype(np.uint16)
        bits = int(np.max(page.bitspersample))
        if pixels.dtype == np.uint16 and bits < 16:
            pixels = (pixels.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)
        if int(page.photometric) == 0:
            pixels = (1 - pixels) if pixels.dtype.kind == "f" else np.invert(pixels)
        if page.extrasamples and int(page.extrasamples[0]) == 1 and pixels.shape[2] in (2, 4):
            pixels = _unmultiplied(pixels)
        if int(page.photometric) in (5, 6, 8):
            raise MediaError("is a deep TIFF in CMYK, YCbCr or Lab, which cannot be read; save it as RGB")
        return pixels, replace(_tiff_metadata(page), exif=_deep_tiff_exif(file))


def _deep_tiff_exif(file: File) -> bytes | None:
    from PIL import UnidentifiedImageError

    try:
        with _pillow(file) as image:
            return _tiff_exif(image)
    except UnidentifiedImageError:
        return None  # pixels that Pillow does not know, such as floats in three channels


def _unmultiplied(pixels: Pixels) -> Pixels:
    """Colours as they are, from colours that were multiplied by alpha."""
    alpha = pixels[:, :, -1:].astype(np.float64)
    top = 1.0 if pixels.dtype.kind == "f" else float(np.iinfo(pixels.dtype).max)
    colours = pixels[:, :, :-1] * np.divide(top, alpha, out=np.zeros_like(alpha), where=alpha > 0)
    plain = colours if pixels.dtype.kind == "f" else np.rint(colours.clip(0, top))
    return np.concatenate((plain.astype(pixels.dtype), pixels[:, :, -1:]), 2)


def _tiff_metadata(page: Any) -> Metadata:
    def content(tag: int) -> bytes | None:
        found = page.tags.get(tag)
        if found is None:
            return None
        value = found.value
        return value if isinstance(value, bytes) else bytes(value) if isinstance(value, tuple) else None

    dpi = None
    across, down, unit = (page.tags.get(tag) for tag in (282, 283, 296))
    if across and down and unit and int(unit.value) in (2, 3):
        factor = 1.0 if int(unit.value) == 2 else 2.54
        values = [tag.value[0] / tag.value[1] * factor if tag.value[1] else 0.0 for tag in (across, down)]
        dpi = (values[0], values[1]) if min(values) > 0 else None
    described = page.tags.get(270)
    comments = (("Description", described.value),) if described and isinstance(described.value, str) else ()
    return Metadata(icc=content(34675), xmp=content(700), dpi=dpi, comments=comments)


# --- JPEG XL, HEIC, deep AVIF, JPEG 2000 -----------------------------------------------------------------------------


def _jxl_header(file: File) -> Header:
    # The size stands in the first bits; depth and channels come after fields of varying length, so one decodes them.
    width, height = read_size(beginning(file, 4096))
    if width * height > MOST_PIXELS:
        return Header(format="jxl", width=width, height=height, channels=3, dtype="uint8")
    pixels, _ = _read_jxl(file)
    height, width, channels = pixels.shape
    return Header(
        format="jxl", width=width, height=height, channels=channels, dtype=str(pixels.dtype), notes=(_UNREAD,)
    )


def _read_jxl(file: File) -> tuple[Pixels, Metadata]:
    import imagecodecs

    return _plain(imagecodecs.jpegxl_decode(_content(file))), Metadata()


def _read_jp2(file: File) -> tuple[Pixels, Metadata]:
    import imagecodecs

    return _plain(imagecodecs.jpeg2k_decode(_content(file))), Metadata()


def _read_deep_avif(file: File) -> tuple[Pixels, Metadata]:
    import imagecodecs

    data = _content(file)
    pixels = imagecodecs.avif_decode(data)
    bits = _avif_bits(data)
    pixels = (pixels.astype(np.uint32) * 65535 // (2**bits - 1)).astype(np.uint16)
    with _pillow(file) as image:
        return pixels, _metadata(image, file)


def _avif_bits(data: bytes) -> int:
    at = data.find(b"av1C", 0, 65536)
    flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
    return 8 if not flags & 0x40 else 12 if flags & 0x20 else 10


def _jp2_bits(head: bytes) -> int:
    at = head.find(b"ihdr")
    if at >= 0:
        return (head[at + 14] & 0x7F) + 1 if len(head) > at + 14 else 8
    return (head[42] & 0x7F) + 1 if len(head) > 42 else 8  # a bare codestream: SIZ stands first


def _heic_header(file: File) -> Header:
    heif = _heif(file)
    return Header(
        format="heic",
        width=heif.size[0],
        height=heif.size[1],
        channels=4 if heif.has_alpha else 3,
        dtype="uint16" if ";16" in heif.mode else "uint8",
        frames=1,
        icc="icc_profile" in heif.info,
        described=bool(heif.info.get("exif") or heif.info.get("xmp")),
        lossless=False,
    )


def _read_heic(file: File) -> tuple[Pixels, Metadata]:
    heif = _heif(file)
    pixels = np.asarray(heif)
    info = heif.info
    return pixels, Metadata(icc=info.get("icc_profile"), exif=_exif(info.get("exif")), xmp=info.get("xmp") or None)


def _heif(file: File) -> Any:
    try:
        import pillow_heif
    except ImportError as error:
        raise UsageError(
            f"{name_of(file)} is HEIC, and reading it needs the package 'pillow-heif': pip install 'upscaler[heic]'."
        ) from error
    # Already upright: the library applies the orientation and resets the tag.
    return pillow_heif.open_heif(io.BytesIO(_content(file)), convert_hdr_to_8bit=False)


def _content(file: File) -> bytes:
    return file.read_bytes() if isinstance(file, Path) else file


def _plain(pixels: Any) -> Pixels:
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] > 4:
        raise MediaError(f"has {pixels.shape} pixels, which is not gray, RGB or either with transparency")
    plain: Pixels = pixels if pixels.dtype in (np.uint8, np.uint16) else pixels.astype(np.float32)
    return plain


# --- everything else: Pillow --------------------------------------------------------------------------------------


@contextmanager
def _pillow(file: File) -> Iterator[Image]:
    from PIL import Image as ImageModule

    with warnings.catch_warnings(), opened(file) as stream:
        # Ours is the limit on pixels, and what is wrong with a file is told as our error or not at all.
        warnings.simplefilter("ignore")
        ImageModule.MAX_IMAGE_PIXELS = None
        with ImageModule.open(stream, formats=_PILLOW_FORMATS) as image:
            yield image


def _pillow_header(file: File) -> Header:
    with _pillow(file) as image:
        name = _NAMES.get(image.format or "", (image.format or "png").lower())
        channels, dtype = _form(image)
        notes = []
        if name == "avif" and _avif_bits(beginning(file, 65536)) > 8:
            dtype = "uint16"
        if name == "jp2":
            dtype = "uint16" if _jp2_bits(beginning(file, 4096)) > 8 else "uint8"
        if name == "jp2":
            notes.append(_UNREAD)
        if image.mode == "CMYK":
            notes.append("The picture is CMYK; the result is RGB (sRGB).")
        frames = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
        return Header(
            format=name,
            width=image.width,
            height=image.height,
            channels=channels,
            dtype=dtype,
            frames=frames,
            orientation=exif.orientation(_exif(image.info.get("exif"))),
            lossless=name not in ("jpg", "avif", "jp2") and not (name == "webp" and not _webp_lossless(file)),
            icc="icc_profile" in image.info and image.mode != "CMYK",
            described=bool(image.info.get("exif") or image.info.get("xmp")),
            notes=tuple(notes),
        )


def _webp_lossless(file: File) -> bool:
    return b"VP8L" in beginning(file, 4096)


def _form(image: Image) -> tuple[int, str]:
    """Channels and type of what ``_pixels`` makes of it."""
    transparent = "transparency" in image.info
    mode = image.mode
    if mode in ("1", "L", "LA", "La"):
        return (2 if mode in ("LA", "La") or transparent else 1), "uint8"
    if mode.startswith("I"):
        return 1, "uint16"
    if mode == "F":
        return 1, "float32"
    return (4 if mode in ("PA", "RGBA", "RGBa") or transparent else 3), "uint8"


def _read_with_pillow(file: File) -> tuple[Pixels, Metadata]:
    with _pillow(file) as image:
        if image.mode == "CMYK":
            return _from_cmyk(image), replace(_metadata(image, file), icc=None)
        return _pixels(image), _metadata(image, file)


def _pixels(image: Image) -> Pixels:
    channels, dtype = _form(image)
    if image.mode == "LAB":
        return _through_profile(image, "LAB")
    if dtype == "uint8":
        mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
        pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    elif dtype == "uint16":
        deep = np.asarray(image)
        pixels = deep if deep.dtype == np.uint16 else deep.clip(0, 65535).astype(np.uint16)
    else:
        pixels = np.asarray(image, dtype=np.float32)
    return pixels.reshape(image.height, image.width, channels)


def _from_cmyk(image: Image) -> Pixels:
    from PIL import ImageCms

    profile = image.info.get("icc_profile")
    if profile:
        try:
            return _through_profile(image, profile)
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile is as none
    return np.asarray(image.convert("RGB"))


def _through_profile(image: Image, profile: bytes | Literal["LAB"]) -> Pixels:
    """To sRGB."""
    from PIL import ImageCms

    source = ImageCms.createProfile("LAB") if profile == "LAB" else ImageCms.ImageCmsProfile(io.BytesIO(profile))
    rgb = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
    )
    return np.asarray(rgb)


def _metadata(image: Image, file: File) -> Metadata:
    if image.format in ("PNG", "TIFF"):
        return read_metadata(file)
    info = image.info
    comment = info.get("comment")
    text = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else comment
    dpi = info.get("dpi")
    return Metadata(
        icc=info.get("icc_profile") or None,
        exif=_exif(info.get("exif")),
        xmp=info.get("xmp") or None,
        iptc=info.get("photoshop", {}).get(0x0404) if isinstance(info.get("photoshop"), dict) else None,
        dpi=(float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None,
        comments=(("Comment", text),) if text else (),
    )


def _tiff_exif(image: Image) -> bytes | None:
    """What a TIFF says in the terms of EXIF, without what describes its own pixels."""
    from PIL import Image as ImageModule

    found, kept = image.getexif(), ImageModule.Exif()
    for tag in _TIFF_TAGS & found.keys():
        kept[tag] = found[tag]
    for folder in (34665, 34853):
        if inner := found.get_ifd(folder):
            kept.get_ifd(folder).update(inner)
            kept[folder] = inner
    return _exif(kept.tobytes()) if len(kept) else None


def _exif(block: bytes | None) -> bytes | None:
    if not block:
        return None
    return block[6:] if block.startswith(b"Exif\0\0") else block


# --- what went wrong, as sentences --------------------------------------------------------------------------------


@contextmanager
def told(file: File) -> Iterator[None]:
    """Whatever a library says of a bad file becomes one sentence that names it."""
    import zlib

    try:
        yield
    except UsageError:
        raise
    except MediaError as error:
        raise MediaError(f"{name_of(file)} {error}; it was left out.") from error
    except MemoryError as error:
        raise RoomError(f"{name_of(file)} does not fit into memory.") from error
    except FileNotFoundError as error:
        raise MediaError(f"{name_of(file)} is not there.") from error
    except (PermissionError, IsADirectoryError) as error:
        raise MediaError(f"{name_of(file)} cannot be read: {error.strerror}.") from error
    except (OSError, SyntaxError, ValueError, RuntimeError, EOFError, KeyError, IndexError, TypeError,
            AttributeError, struct.error, zlib.error, ArithmeticError) as error:  # fmt: skip
        # Decoders raise nearly anything on damaged files.
        raise MediaError(f"{name_of(file)} {_what_is_wrong(file)}; it was left out.") from error


def _what_is_wrong(file: File) -> str:
    head = beginning(file, 64)
    if not head:
        return "is empty"
    kind = sniff(head)
    if kind is None:
        return f"is not a picture: it begins with {_described(head)}"
    with opened(file) as stream:
        stream.seek(0, 2)
        stream.seek(max(stream.tell() - 4096, 0))
        tail = stream.read()
    if kind == "jpg" and b"\xff\xd9" not in tail:
        return "ends in the middle of the picture"
    if kind in ("webp", "bmp") and _declared(kind, head) > _size(file):
        return "ends in the middle of the picture"
    return "is damaged and cannot be decoded"


def _declared(kind: str, head: bytes) -> int:
    if len(head) < 8:
        return 8
    return (
        int(struct.unpack_from("<I", head, 4)[0]) + 8 if kind == "webp" else int(struct.unpack_from("<I", head, 2)[0])
    )


def _size(file: File) -> int:
    return file.stat().st_size if isinstance(file, Path) else len(file)


def _described(head: bytes) -> str:
    try:
        text = head.decode("utf-8").rstrip("\0")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode() if error.start >= 32 else ""
    if text and all(c.isprintable() or c in "\r\n\t" for c in text):
        line = text.strip().splitlines()[0] if text.strip() else ""
        return f'text ("{line[:24]}...")' if line else "blanks"
    return f"the bytes {head[:4].hex(' ')}"

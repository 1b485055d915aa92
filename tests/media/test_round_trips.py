"""What is written is read back: each form, each depth, each layout."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.pictures import noise, save
from upscaler.media.formats import FORMATS, Format
from upscaler.media.picture import Metadata
from upscaler.media.still import read_header, read_picture

EXACT = [
    (form, dtype, channels)
    for form in FORMATS.values()
    if form.lossless and form.name != "avif"
    for dtype in form.dtypes
    for channels in sorted(form.channels)
]


@pytest.mark.parametrize(("form", "dtype", "channels"), EXACT, ids=lambda v: getattr(v, "name", str(v)))
@pytest.mark.parametrize("size", [(37, 53), (1, 1), (1, 70), (300, 2)], ids=str)
def test_lossless_formats_give_back_every_pixel(
    tmp_path: Path, form: Format, dtype: str, channels: int, size: tuple[int, int]
) -> None:
    pixels = noise(*size, channels, dtype)
    path = save(tmp_path / f"p{form.suffixes[0]}", pixels, lossless=True)
    back = read_picture(path)
    assert back.format == form.name
    assert back.pixels.dtype == pixels.dtype
    assert np.array_equal(back.pixels, pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif"])
def test_lossy_formats_stay_close_to_the_picture(tmp_path: Path, suffix: str) -> None:
    y, x = np.mgrid[0:64, 0:96]
    smooth = np.stack((2 * x, 3 * y, x + y), 2).clip(0, 255).astype(np.uint8)
    back = read_picture(save(tmp_path / f"p{suffix}", smooth)).pixels
    assert np.abs(back.astype(int) - smooth).mean() < 2


def test_pure_colours_survive_every_format(tmp_path: Path) -> None:
    pixels = np.zeros((32, 96, 3), np.uint8)
    for channel in range(3):
        pixels[:, 32 * channel : 32 * channel + 32, channel] = 255
    for form in FORMATS.values():
        back = read_picture(save(tmp_path / f"p{form.suffixes[0]}", pixels)).pixels
        for channel in range(3):
            assert back[16, 32 * channel + 16].argmax() == channel, form.name


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".jxl"])
def test_files_become_smaller_as_quality_falls(tmp_path: Path, suffix: str) -> None:
    pixels = noise(64, 64)
    sizes = [save(tmp_path / f"{q}{suffix}", pixels, quality=q).stat().st_size for q in (98, 90, 75, 50, 20)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)


@pytest.mark.parametrize(
    ("suffix", "dtype"),
    [(s, "uint8") for s in (".png", ".jpg", ".webp", ".tif", ".avif")] + [(".png", "uint16"), (".tif", "uint16")],
)
def test_what_belongs_to_the_pixels_is_carried(tmp_path: Path, suffix: str, dtype: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    exif.get_ifd(0x8825)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>"
    metadata = Metadata(icc=profile, exif=exif.tobytes()[6:], xmp=xmp, dpi=(300.0, 300.0))
    back = read_picture(save(tmp_path / f"p{suffix}", noise(20, 30, 3, dtype), metadata)).metadata
    assert back.icc == profile
    assert back.xmp is not None
    assert back.xmp.rstrip(b"\0") == xmp
    found = Image.Exif()
    found.load(b"Exif\0\0" + (back.exif or b""))
    assert found[0x010F].rstrip("\0") == "Maker"
    assert found.get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert found.get_ifd(0x8825)[1] == "N"
    if suffix not in (".webp", ".avif"):  # these have no field for it but EXIF's
        assert back.dpi == pytest.approx((300, 300), abs=0.01)


def test_iptc_of_a_jpeg_is_carried(tmp_path: Path) -> None:
    records = b"\x1c\x02\x05\x00\x05Title"
    path = save(tmp_path / "p.jpg", noise(8, 8), Metadata(iptc=records))
    assert read_picture(path).metadata.iptc == records
    with Image.open(path) as image:
        image.load()


def test_comments_of_a_png_are_carried(tmp_path: Path) -> None:
    comments = (("Author", "Åsa"), ("Comment", "two\nlines"))
    assert read_picture(save(tmp_path / "p.png", None, Metadata(comments=comments))).metadata.comments == comments


def test_a_16_bit_jpeg_xl_tells_its_depth_before_it_is_needed(tmp_path: Path) -> None:
    header = read_header(save(tmp_path / "p.jxl", noise(11, 23, 3, "uint16"), lossless=True))
    assert (header.width, header.height, header.dtype) == (23, 11, "uint16")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "p.png").mkdir()
    with pytest.raises(Exception, match=r"p\.png cannot be written"):
        save(tmp_path / "p.png")
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]

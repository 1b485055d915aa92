"""Pictures as they are found: by content, upright, in their own depth, with nothing false beside them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.pictures import noise, save
from tests.shared import SHARED, needs_shared
from upscaler.errors import MediaError
from upscaler.media import exif
from upscaler.media.picture import Metadata
from upscaler.media.still import MOST_PIXELS, read_header, read_picture, turned
from upscaler.media.writing import enlarged_metadata

PHOTOS = SHARED / "samples" / "photos"

FORMS = {
    "cliff_gray.png": (250, 250, 1, "uint8"),
    "dog_alpha.png": (320, 320, 4, "uint8"),
    "flowers_palette.png": (200, 200, 4, "uint8"),
    "gradient16.png": (240, 320, 3, "uint16"),
    "gradient16_gray.png": (240, 320, 1, "uint16"),
    "lake.avif": (288, 512, 3, "uint8"),
    "lake_16bit.tif": (96, 160, 3, "uint16"),
    "lake_orientation6.jpg": (360, 270, 3, "uint8"),
    "lineart_1bit.tif": (300, 400, 1, "uint8"),
    "pan.gif": (120, 160, 3, "uint8"),
    "spices.webp": (315, 420, 3, "uint8"),
    "tulips_display_p3_16.png": (160, 160, 3, "uint16"),
}


@needs_shared
@pytest.mark.parametrize("name", FORMS)
def test_a_photo_is_decoded_in_its_own_form(name: str) -> None:
    header, picture = read_header(PHOTOS / name), read_picture(PHOTOS / name)
    assert (*picture.pixels.shape, str(picture.pixels.dtype)) == FORMS[name]
    assert (header.height, header.width, header.channels, header.dtype) == FORMS[name]


@needs_shared
def test_sixteen_bits_are_not_read_as_eight() -> None:
    pixels = read_picture(PHOTOS / "gradient16.png").pixels
    assert [len(np.unique(pixels[:, :, c])) for c in range(3)] == [17710, 17576, 17253]


@needs_shared
def test_a_cmyk_photo_looks_as_its_profile_says() -> None:
    through_profile = read_picture(PHOTOS / "flowers_cmyk.jpg").pixels.astype(float)
    palette = np.asarray(Image.open(PHOTOS / "flowers_palette.png").convert("RGB").resize((300, 300))).astype(float)
    naive = np.asarray(Image.open(PHOTOS / "flowers_cmyk.jpg").convert("RGB")).astype(float)
    error = [np.abs(a.mean((0, 1)) - palette.mean((0, 1))).max() for a in (through_profile, naive)]
    assert error[0] < 8 < error[1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((40, 64, 3), np.uint8)
    upright[:32, :16] = 255  # an L, like none of its turned selves
    upright[24:32, :48] = 255
    inverse = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    stored = np.ascontiguousarray(turned(upright, inverse))
    tags = Image.Exif()
    tags[0x0112] = orientation
    path = tmp_path / "p.jpg"
    Image.fromarray(stored).save(path, quality=95, exif=tags)
    header, picture = read_header(path), read_picture(path)
    assert (header.width, header.height) == (64, 40)
    assert np.abs(picture.pixels.astype(int) - upright).mean() < 4


@needs_shared
def test_exif_is_made_true_of_the_enlarged_picture() -> None:
    picture = read_picture(PHOTOS / "lake_orientation6.jpg")
    block = enlarged_metadata(picture.metadata, 1080, 1440).exif
    before, after = Image.Exif(), Image.Exif()
    before.load(b"Exif\0\0" + (picture.metadata.exif or b""))
    after.load(b"Exif\0\0" + (block or b""))
    assert after[0x0112] == 1
    inner = after.get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (1080, 1440)
    assert not after.get_ifd(1), "the thumbnail was stored sideways"
    assert after.get_ifd(0x8825) == before.get_ifd(0x8825)
    assert b"\xff\xd8\xff" not in (block or b"")


def test_xmp_is_made_true_of_the_enlarged_picture() -> None:
    packet = b'<r tiff:Orientation="6" exif:PixelXDimension="10"><tiff:ImageWidth>10</tiff:ImageWidth>rest</r>'
    assert exif.xmp_made_true(packet, 40, 80) == (
        b'<r tiff:Orientation="1" exif:PixelXDimension="40"><tiff:ImageWidth>40</tiff:ImageWidth>rest</r>'
    )


def test_stripping_leaves_the_profile_alone() -> None:
    metadata = Metadata(icc=b"profile", exif=b"II", xmp=b"x", comments=(("a", "b"),), dpi=(1.0, 1.0))
    assert enlarged_metadata(metadata, 1, 1, strip=True) == Metadata(icc=b"profile")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_no_exif_block_is_too_broken(data: bytes, head: bytes) -> None:
    block = head + data
    assert 1 <= exif.orientation(block) <= 8
    exif.made_true(block, 70000, 10)


def test_a_wrong_ending_does_not_matter(tmp_path: Path) -> None:
    webp = save(tmp_path / "a.webp", noise(5, 6))
    webp.rename(tmp_path / "a.PNG")
    assert read_picture(tmp_path / "a.PNG").format == "webp"


def test_transparency_of_one_colour_is_transparency(tmp_path: Path) -> None:
    for mode, colour, channels in (("L", 7, 2), ("RGB", (1, 2, 3), 4)):
        path = tmp_path / f"{mode}.png"
        image = Image.new(mode, (4, 4), colour)
        image.putpixel((0, 0), 200 if mode == "L" else (200, 200, 200))
        image.save(path, transparency=colour)
        header, picture = read_header(path), read_picture(path)
        assert header.channels == picture.channels == channels
        assert picture.pixels[0, 0, -1] == 255
        assert picture.pixels[1, 1, -1] == 0


def test_16_bit_transparency_of_one_colour_is_transparency(tmp_path: Path) -> None:
    path = save(tmp_path / "p.png", np.full((4, 4, 3), 513, np.uint16))
    data = path.read_bytes()
    body = b"tRNS" + struct.pack(">HHH", 513, 513, 513)
    chunk = struct.pack(">I", 6) + body + struct.pack(">I", zlib.crc32(body))
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + chunk + data[at:])
    header, picture = read_header(path), read_picture(path)
    assert header.channels == picture.channels == 4
    assert not picture.pixels[:, :, 3].any()


# --- bad files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif"])
def test_a_file_that_is_cut_is_named(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"cut{suffix}", noise(60, 60))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError, match=rf"cut\{suffix} (ends in the middle of the picture|is damaged|has no)"):
        read_picture(path)


def test_a_text_says_how_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_text("From: someone\nTo: other\n")
    with pytest.raises(
        MediaError, match=r'letter\.jpg is not a picture: it begins with text \("From: someone\.\.\."\)'
    ):
        read_header(path)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    path.touch()
    with pytest.raises(MediaError, match=r"none\.png is empty"):
        read_header(path)


def test_a_file_that_claims_too_much_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    head = struct.pack(">IIBBBBB", 50000, 50000, 1, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    )
    with pytest.raises(MediaError, match=r"claims 50000x50000 pixels.*--max-megapixels"):
        read_picture(path)
    assert read_header(path, most_pixels=3 * MOST_PIXELS).width == 50000


def test_a_huge_profile_in_a_small_file_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = save(tmp_path / "p.png", noise(4, 4))
    data = path.read_bytes()
    body = b"iCCPx\0\0" + zlib.compress(bytes(200 << 20), 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(data[:33] + chunk + data[33:])
    assert read_header(path).icc is False


SEEDS = (".png", ".jpg", ".webp", ".tif", ".bmp", ".jxl", ".avif", ".jp2", ".gif")


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("healthy")
    files = {}
    for suffix in SEEDS:
        path = folder / f"p{suffix}"
        if suffix == ".gif":
            Image.fromarray(noise(13, 17)).save(path)
        else:
            save(path, noise(13, 17), Metadata(icc=b"profile", xmp=b"<x/>", dpi=(72.0, 72.0)))
        files[suffix] = path.read_bytes()
    return files


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    suffix=st.sampled_from(sorted(SEEDS)),
    flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), max_size=9),
    cut=st.integers(0, 2000),
)
def test_a_mutated_file_is_read_or_refused_but_never_crashes(
    healthy: dict[str, bytes], suffix: str, flips: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(healthy[suffix])
    for place, change in flips:
        data[place % len(data)] ^= change
    if cut < len(data):
        del data[cut:]
    try:
        picture = read_picture(bytes(data), most_pixels=1_000_000)
    except MediaError as error:
        sentence = str(error)
    else:
        sentence = "The picture from the standard input is read."
        assert picture.channels in (1, 2, 3, 4)
    assert sentence.startswith("The picture from the standard input ")


def test_what_is_not_read_of_a_format_is_said(tmp_path: Path) -> None:
    for suffix in (".jxl", ".jp2"):
        header = read_header(save(tmp_path / f"p{suffix}", noise(9, 9)))
        assert header.notes == ("Profile, EXIF and XMP of this format are not read: its colours are taken for sRGB.",)


def test_a_heic_photo_is_read_in_its_own_depth(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    y, x = np.mgrid[0:48, 0:64]
    pixels = np.stack((x * 1000, y * 1300, (x + y) * 500), 2).astype(np.uint16)
    path = tmp_path / "p.heic"
    heif.encode("RGB;16", (64, 48), pixels.tobytes(), path, quality=95)
    header, picture = read_header(path), read_picture(path)
    assert (header.format, header.width, header.height, header.dtype) == ("heic", 64, 48, "uint16")
    assert picture.pixels.shape == (48, 64, 3)
    assert np.abs(picture.pixels.astype(int) - pixels).mean() < 1000


def test_premultiplied_colours_become_plain_ones(tmp_path: Path) -> None:
    import tifffile

    plain = noise(8, 8, 4, "uint16")
    plain[:, :, 3] = 32768
    stored = plain.copy()
    stored[:, :, :3] = np.rint(plain[:, :, :3] * (32768 / 65535))
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, stored, photometric="rgb", extrasamples=["assocalpha"])
    assert np.abs(read_picture(path).pixels.astype(int) - plain).max() <= 2


def test_a_lab_picture_becomes_rgb(tmp_path: Path) -> None:
    path = tmp_path / "p.tif"
    Image.new("LAB", (4, 4), (255, 128, 128)).save(path)
    assert (read_picture(path).pixels > 250).all()

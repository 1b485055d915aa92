"""Pictures by rows: the same as whole, in flat memory."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.pictures import noise, save
from upscaler.errors import MediaError
from upscaler.media import jpeg
from upscaler.media.jpeg import JpegWriter
from upscaler.media.picture import Metadata
from upscaler.media.resample import resized, resized_rows
from upscaler.media.rows import IteratorSource, open_rows
from upscaler.media.still import read_header, read_picture


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_rows_of_a_file_are_those_of_the_whole_picture(tmp_path: Path, suffix: str, dtype: str, channels: int) -> None:
    pixels = noise(700, 33, channels, dtype)
    path = save(tmp_path / f"p{suffix}", pixels)
    source = open_rows(path, read_header(path))
    assert source is not None
    strips = [source.read(top, min(top + 90, 700)) for top in range(0, 700, 70)]
    for top, strip in zip(range(0, 700, 70), strips, strict=True):
        assert np.array_equal(strip, pixels[top : top + 90])


def test_a_file_read_by_rows_can_be_read_again(tmp_path: Path) -> None:
    pixels = noise(600, 20)
    path = save(tmp_path / "p.png", pixels)
    source = open_rows(path, read_header(path))
    assert source is not None
    for _ in range(2):
        assert np.array_equal(source.read(0, 10), pixels[:10])
        assert np.array_equal(source.read(300, 600), pixels[300:])


def test_a_file_that_ends_early_is_named_when_its_rows_are_read(tmp_path: Path) -> None:
    path = save(tmp_path / "p.jpg", noise(900, 40))
    header = read_header(path)
    path.write_bytes(path.read_bytes()[:20000])
    source = open_rows(path, header)
    assert source is not None
    with pytest.raises(MediaError, match=r"p\.jpg is damaged"):
        source.read(0, 900)


def test_what_has_no_rows_is_left_to_be_read_whole(tmp_path: Path) -> None:
    turned = tmp_path / "p.jpg"
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.fromarray(noise(20, 30)).save(turned, exif=tags)
    Image.new("CMYK", (8, 8)).save(tmp_path / "c.jpg")
    for path in (turned, tmp_path / "c.jpg", save(tmp_path / "p.webp", noise(9, 9))):
        assert open_rows(path, read_header(path)) is None


def test_rows_are_not_given_backwards() -> None:
    source = IteratorSource(lambda: iter([noise(10, 4)]), 10, 4, 3, "uint8")
    source.read(5, 8)
    with pytest.raises(MediaError, match="top to bottom"):
        source.read(2, 4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", [95, 60])
@pytest.mark.parametrize("height", [300, 512, 700])
def test_a_jpeg_of_strips_decodes_as_the_one_written_whole(
    monkeypatch: pytest.MonkeyPatch, channels: int, quality: int, height: int
) -> None:
    pixels = noise(height, 77, channels)

    def decoded() -> np.ndarray:
        buffer = io.BytesIO()
        writer = JpegWriter(buffer, 77, height, channels, Metadata(), quality)
        for top in range(0, height, 45):
            writer.write(pixels[top : top + 45])
        writer.close()
        return np.asarray(Image.open(buffer))

    whole = decoded()
    monkeypatch.setattr(jpeg, "_IN_ONE", 0)
    assert np.array_equal(decoded(), whole)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_bigtiff_is_read_as_the_classic_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    monkeypatch.setattr("upscaler.media.tiff._CLASSIC_LIMIT", 0)
    pixels = noise(50, 60, 4, dtype)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    path = save(tmp_path / "p.tif", pixels, Metadata(icc=b"profile" * 9, exif=exif.tobytes()[6:], dpi=(72.0, 72.0)))
    assert path.read_bytes()[:4] == b"II\x2b\0"
    back = read_picture(path)
    assert np.array_equal(back.pixels, pixels)
    assert back.metadata.icc == b"profile" * 9


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 700), st.integers(1, 30), st.integers(1, 700), st.integers(1, 30), st.integers(1, 200))
def test_resizing_by_bands_gives_the_same_whatever_the_bands(
    height: int, width: int, out_height: int, out_width: int, band: int
) -> None:
    pixels = noise(height, width, 1)
    bands = (pixels[top : top + band] for top in range(0, height, band))
    rows = list(resized_rows(bands, (height, width), (out_height, out_width)))
    together = np.concatenate(rows)
    assert together.shape == (out_height, out_width, 1)
    assert np.array_equal(together, resized(pixels, out_height, out_width))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_resizing_keeps_flat_areas_flat(dtype: str) -> None:
    flat = np.full((50, 40, 3), 1 if dtype == "float32" else np.iinfo(dtype).max, dtype)
    assert np.allclose(resized(flat, 33, 17), flat[:33, :17], atol=1e-6)


def test_resizing_does_not_shift_the_picture() -> None:
    pixels = np.zeros((40, 40, 1), np.float32)
    pixels[11, 27] = 1
    for size in (20, 31, 57, 80):
        small = resized(pixels, size, size)[:, :, 0].astype(float)
        y, x = np.mgrid[0:size, 0:size]
        centre = (small * y).sum() / small.sum(), (small * x).sum() / small.sum()
        expected = [(place + 0.5) * size / 40 - 0.5 for place in (11, 27)]
        assert centre == pytest.approx(expected, abs=0.05)

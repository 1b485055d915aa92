"""Encoders are believed when they have coded a frame."""

from dataclasses import replace
from fractions import Fraction

import pytest

from upscaler.errors import UsageError
from upscaler.media.films.colour import Colour, coding_of
from upscaler.media.films.encoders import (
    ENCODERS,
    Encoding,
    encoder_named,
    formats_by_loss,
    formats_of,
    usual_encoder,
    why_not,
)
from upscaler.media.films.formats import layout_of, planar_twin

TAGGED = Colour(matrix=1, primaries=1, transfer=1, range_known=True)


def encoding(name: str, format_: str | None = None, size: tuple[int, int] = (64, 96)) -> Encoding:
    encoder = ENCODERS[name]
    chosen = format_ or formats_by_loss(encoder, layout_of("yuv420p"))[0]
    layout = layout_of(planar_twin(chosen))
    return Encoding(
        encoder=encoder,
        format=chosen,
        width=size[1],
        height=size[0],
        rate=Fraction(24000, 1001),
        coding=coding_of(layout, TAGGED, size[0]),
        colour=TAGGED,
        crf=encoder.crf(layout.depth) if encoder.crf else None,
        preset=encoder.preset,
        gop=48,
    )


@pytest.mark.parametrize("name", ["x264", "x265", "svt-av1", "vp9", "prores", "ffv1"])
def test_the_encoders_of_this_build_code_a_frame(name):
    assert why_not(encoding(name)) is None


def test_an_encoder_without_its_hardware_says_why_not():
    fault = why_not(encoding("h264-nvenc"))
    if fault is None:
        pytest.skip("there is a graphics card with an encoder")
    assert fault.startswith("h264-nvenc does not open for 96x64 yuv420p (")


def test_a_frame_that_is_too_large_is_refused():
    assert "does not open for 20000x9000" in (why_not(encoding("svt-av1", size=(9000, 20000))) or "")


def test_an_encoder_that_a_build_lacks_is_named():
    absent = replace(encoding("x264"), encoder=replace(ENCODERS["x264"], library="no_such_library"))
    assert why_not(absent) == "x264 is not in this build of FFmpeg"


@pytest.mark.parametrize(
    ("name", "wanted", "chosen"),
    [
        ("x264", "yuv420p", "yuv420p"),
        ("x264", "yuv422p10le", "yuv422p10le"),
        ("x264", "yuv420p12le", "yuv420p10le"),
        ("x264", "yuva420p", "yuv420p"),
        ("x265", "yuv444p12le", "yuv444p12le"),
        ("x265", "gbrp", "gbrp"),
        ("svt-av1", "yuv422p10le", "yuv420p10le"),
        ("vp9", "gray", "yuv420p"),
        ("prores", "yuva444p12le", "yuva444p10le"),
        ("ffv1", "gbrap", "bgra"),
        ("ffv1", "yuv411p", "yuv411p"),
    ],
)
def test_the_format_is_the_one_that_loses_least(name, wanted, chosen):
    assert formats_by_loss(ENCODERS[name], layout_of(wanted))[0] == chosen


@pytest.mark.parametrize(
    ("wanted", "colour", "codec", "container", "size", "name"),
    [
        ("yuv420p", TAGGED, "h264", "matroska", (1920, 1080), "x264"),
        ("yuv420p", TAGGED, "h264", "mp4", (7680, 4320), "x265"),
        ("yuv420p10le", TAGGED, "hevc", "mp4", (1920, 1080), "x265"),
        ("yuv420p", TAGGED, "vp9", "webm", (1920, 1080), "vp9"),
        ("yuv420p10le", TAGGED, "av1", "webm", (1920, 1080), "svt-av1"),
        ("yuva420p", TAGGED, "vp9", "webm", (64, 64), "vp9"),
        ("yuva444p12le", TAGGED, "prores", "mov", (64, 64), "prores"),
        ("yuv422p10le", TAGGED, "ffv1", "matroska", (64, 64), "ffv1"),
        ("gbrp", TAGGED, "utvideo", "mp4", (64, 64), "x265"),
    ],
)
def test_the_usual_encoder_fits_depth_alpha_size_and_container(wanted, colour, codec, container, size, name):
    assert usual_encoder(layout_of(wanted), colour, codec, container, size).name == name


@pytest.mark.parametrize(
    ("said", "name"), [("libx265", "x265"), ("HEVC", "x265"), ("av1", "svt-av1"), ("X264", "x264")]
)
def test_encoders_answer_to_their_usual_names(said, name):
    assert encoder_named(said).name == name


def test_an_unknown_encoder_is_answered_with_the_known_ones():
    with pytest.raises(UsageError, match="There is no film encoder 'xvid'; known: x264"):
        encoder_named("xvid")


def test_formats_that_cannot_be_filled_are_not_offered():
    assert "cuda" not in formats_of("h264_nvenc")
    assert "yuvj420p" not in formats_of("libx264")

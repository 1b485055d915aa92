"""What a film is made of is known before its frames are used."""

import json
from fractions import Fraction

import numpy as np
import pytest

from tests.films import CLIPS, digest, make_film, planes
from tests.shared import needs_shared
from upscaler.errors import MediaError
from upscaler.media.films.film import describe
from upscaler.media.films.reader import read_frames
from upscaler.media.films.sources import describe_source

MANIFEST = json.loads((CLIPS / "manifest.json").read_text())["files"] if CLIPS.is_dir() else {}
READABLE = [name for name in MANIFEST if name not in ("no_header.mp4", "sprite.webp")]

pytestmark = needs_shared


@pytest.mark.parametrize("name", READABLE)
def test_every_frame_comes_at_its_own_time_and_none_is_lost(name):
    film = describe(CLIPS / name)
    known = next(stream for stream in MANIFEST[name]["streams"] if stream["index"] == film.stream)
    frames = list(read_frames(film))
    assert [frame.ticks for frame in frames] == known["pts"]
    assert [frame.index for frame in frames] == list(range(known["decoded_frames"]))
    assert str(film.time_base) == known["time_base"]


@pytest.mark.parametrize(
    "name", [name for name in READABLE if name not in ("alpha_vp9.webm", "sprite.gif", "sprite_apng.png")]
)
def test_every_sample_is_the_decoders(name):
    film = describe(CLIPS / name)
    known = next(stream for stream in MANIFEST[name]["streams"] if stream["index"] == film.stream)
    assert digest(read_frames(film)) == known["samples_sha256"]


@pytest.mark.parametrize("name", READABLE)
def test_streams_chapters_and_tags_are_known(name):
    film, known = describe(CLIPS / name), MANIFEST[name]
    kinds = {"video": ("film", "cover"), "audio": ("audio",), "subtitle": ("subtitle",)}
    kinds |= {"attachment": ("attachment",), "data": ("data",)}
    for stream, told in zip(film.streams, known["streams"], strict=True):
        assert stream.kind in kinds[told["codec_type"]]
        for key, value in told.get("tags", {}).items():
            # A tag of the encoder is shown by one tool and not by another.
            assert key in ("encoder", "vendor_id", "handler_name") or stream.tags.get(key, value) == value
    assert len(film.chapters) == len(known["chapters"])
    for chapter, told in zip(film.chapters, known["chapters"], strict=True):
        assert float(chapter.start) == pytest.approx(float(told["start"]), abs=1e-3)
        assert chapter.tags["title"] == told["title"]


def test_the_cover_is_not_taken_for_the_film():
    film = describe(CLIPS / "cover_chapters.mp4")
    assert (film.width, film.height, film.codec) == (288, 162, "h264")
    assert [stream.kind for stream in film.others] == ["audio", "subtitle", "data", "cover"]


def test_the_film_need_not_be_the_first_stream(tmp_path):
    import av

    path = tmp_path / "sound-first.mkv"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("flac", rate=48000)
        picture = container.add_stream("ffv1", rate=25)
        picture.width, picture.height, picture.pix_fmt = 32, 16, "yuv420p"
        container.mux(picture.encode(av.VideoFrame(32, 16, "yuv420p")))
        container.mux(picture.encode(None))
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="stereo")
        tone.sample_rate = 48000
        container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
    film = describe(path)
    assert film.stream == 1
    assert [stream.kind for stream in film.streams] == ["audio", "film"]


def test_hdr_metadata_is_read_from_the_frames():
    film = describe(CLIPS / "hdr10.mp4")
    assert film.mastering is not None
    assert film.mastering.red == (0.68, 0.32)
    assert film.mastering.brightest == 1000
    assert film.light == (1000, 180)
    assert (film.colour.matrix, film.colour.primaries, film.colour.transfer) == (9, 9, 16)
    assert film.colour.hdr
    assert film.layout.depth == 10


def test_turn_aspect_and_interlacing_are_seen():
    assert describe(CLIPS / "rotated.mp4").turn == (0, -65536, 0, 65536, 0, 0, 0, 0, 1 << 30)
    woven = describe(CLIPS / "interlaced.mkv")
    assert woven.interlaced
    assert woven.aspect == Fraction(16, 11)
    assert describe(CLIPS / "film.mkv").turn is None
    assert not describe(CLIPS / "film.mkv").interlaced


def test_alpha_of_vp9_is_seen():
    """FFmpeg's own decoder drops it without a word."""
    film = describe(CLIPS / "alpha_vp9.webm")
    assert film.layout.alpha
    frame = next(read_frames(film))
    assert len(frame.planes) == 4
    assert frame.planes[3].min() < 50 < 200 < frame.planes[3].max()


def test_a_missing_header_is_one_sentence():
    with pytest.raises(MediaError) as error:
        describe(CLIPS / "no_header.mp4")
    assert str(error.value).count("\n") == 0
    assert str(error.value).startswith("no_header.mp4 cannot be opened as a film: its header is missing or damaged")


@pytest.mark.parametrize("content", [b"", b"not a film at all", b"\x1aE\xdf\xa3" + bytes(100)])
def test_what_is_no_film_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "odd.mkv"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"^odd\.mkv .*\.$"):
        describe(path)


def test_sound_alone_is_no_film(tmp_path):
    import av

    path = tmp_path / "sound.mka"
    with av.open(str(path), "w", format="matroska") as container:
        sound = container.add_stream("flac", rate=48000)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.int16), format="s16", layout="stereo")
        tone.sample_rate = 48000
        container.mux(sound.encode(tone))
        container.mux(sound.encode(None))
    with pytest.raises(MediaError, match="has no moving picture"):
        describe(path)


def test_dolby_vision_without_a_base_layer_is_refused(tmp_path):
    """Profile 5 is marked by its own tag; its colours mean nothing without Dolby's metadata."""
    path = tmp_path / "profile5.mp4"
    path.write_bytes((CLIPS / "hdr10.mp4").read_bytes().replace(b"hvc1", b"dvh1"))
    with pytest.raises(MediaError, match="Dolby Vision without a plain base layer"):
        describe(path)


@pytest.mark.parametrize("rate", ["120000/1001", "241/20", "30000/1001"])
def test_odd_rates_do_not_change_times(tmp_path, rate):
    path = tmp_path / "odd-rate.mkv"
    make_film(path, [planes(i, "yuv420p", (16, 32)) for i in range(9)], rate=Fraction(rate))
    film = describe(path)
    times = [frame.ticks * film.time_base for frame in read_frames(film)]
    expected = [number / Fraction(rate) for number in range(9)]
    assert max(abs(a - b) for a, b in zip(times, expected, strict=True)) <= film.time_base


@pytest.mark.parametrize("name", ["sprite.gif", "sprite_apng.png", "sprite.webp"])
def test_the_same_animation_is_read_from_three_formats(name):
    film, notes = describe_source(CLIPS / name)
    assert (film.frames, film.width, film.height, notes) == (20, 96, 72, ())
    assert film.layout.alpha
    assert film.seconds == pytest.approx(1.34)

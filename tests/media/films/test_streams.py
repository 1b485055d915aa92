"""Sound and subtitles that a container cannot hold: said in the plan, and there in the result as it was said."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from tests.films import SAME, enlarge, make_film, plan_for, planes
from upscaler.jobs import FilmSettings, Settings
from upscaler.media.films.subtitles import Text, in_turn

RATE = 44100  # what FLV takes too


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPSCALER_HOME", str(tmp_path / "home"))


SETTINGS = Settings(scale=1, model="same", device="cpu", precision="fp32", film=FilmSettings(codec="x264"))


def film_with_sound(path: Path, codec: str, layout: str = "stereo", *, gap: bool = False) -> None:
    """One second; ``gap``: a quarter of it, in the middle, has no sound."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4" if path.suffix != ".flv" else "flv", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(codec, rate=RATE)
        context = sound.codec_context
        context.layout, context.format = layout, av.Codec(codec, "w").audio_formats[0]
        container.start_encoding()
        for number in range(25):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        channels = av.AudioLayout(layout).nb_channels
        wave = (np.sin(np.arange(RATE) / 20) * 9000).astype(np.int16)
        samples = np.stack([wave // (number + 1) for number in range(channels)], 1).reshape(1, -1)
        resampler = av.AudioResampler(context.format, layout, RATE, context.frame_size or 1024)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="s16", layout=layout)
        frame.sample_rate, frame.pts = RATE, 0
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            if not gap or not RATE // 4 < piece.pts < RATE // 2:
                container.mux(sound.encode(piece))
        container.mux(sound.encode(None))


def sound_of(path: Path) -> tuple[str, list[float], np.ndarray]:
    """Codec, the time of each decoded frame, and the samples (n, channels) as floats."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        channels = stream.codec_context.layout.nb_channels
        arrays = [f.to_ndarray().T if f.format.is_planar else f.to_ndarray().reshape(-1, channels) for f in frames]
        whole = np.concatenate(arrays)
        scale = {"uint8": 128.0, "int16": 32768.0, "int32": 2.0**31}.get(str(whole.dtype), 1.0)
        floats = (whole.astype(float) - 128 * (whole.dtype == np.uint8)) / scale
        return stream.codec_context.codec.canonical_name, [float(f.pts * f.time_base) for f in frames], floats


def warnings(source: Path, output: Path) -> str:
    item = plan_for(source, output, SETTINGS, SAME).items[0]
    assert not output.exists()
    assert item.work is not None
    return "\n".join(item.work.warnings)


FLAC = "Matroska cannot hold the sound of stream 1 ({name}): it becomes FLAC of {bits} bits."
GOES = "{title} cannot hold the sound of stream 1 ({name}): the film goes to Matroska (.mkv) instead."


@pytest.mark.parametrize(
    ("source", "codec", "name", "bits"),
    [
        ("in.avi", "pcm_mulaw", "pcm_mulaw", 16),
        ("in.avi", "pcm_alaw", "pcm_alaw", 16),
        ("in.avi", "adpcm_ms", "adpcm_ms", 16),
        ("in.avi", "g722", "adpcm_g722", 16),
        ("in.mov", "pcm_s8", "pcm_s8", 16),
        ("in.nut", "pcm_u16le", "pcm_u16le", 16),
        ("in.nut", "pcm_u24le", "pcm_u24le", 24),
        ("in.flv", "nellymoser", "nellymoser", 24),
    ],
)
def test_sound_that_no_container_holds_becomes_flac_sample_by_sample(tmp_path, source, codec, name, bits):
    source, output = tmp_path / source, tmp_path / "out.mkv"
    film_with_sound(source, codec, "mono" if codec in ("nellymoser", "g722") else "stereo")
    index = 0 if source.suffix == ".flv" else 1
    said = warnings(source, output)
    assert FLAC.format(name=name, bits=bits).replace("stream 1", f"stream {index}") in said
    report = enlarge(source, output, SETTINGS)
    assert report.exit_code == 0, report.items[0].sentence
    (_, _, before), (coded, times, after) = sound_of(source), sound_of(output)
    assert coded == "flac"
    assert times[0] == pytest.approx(0, abs=0.001)
    assert after.shape == before.shape
    assert np.abs(after - before).max() <= 2.0**-24


def test_a_gap_in_converted_sound_stays_where_it_is(tmp_path):
    source, output = tmp_path / "in.nut", tmp_path / "out.mkv"
    film_with_sound(source, "pcm_u16le", gap=True)
    assert enlarge(source, output, SETTINGS).exit_code == 0
    after = sound_of(output)[2]
    assert len(after) == RATE
    loud = np.abs(after[:, 0]) > 0
    assert not loud[RATE // 4 + 1024 : RATE // 2 - 1024].any()
    assert loud[: RATE // 4].mean() > 0.9
    assert loud[RATE // 2 + 1024 :].mean() > 0.9


@pytest.mark.parametrize(
    ("source", "codec", "output", "name", "becomes"),
    [
        ("in.mkv", "pcm_s16le", "out.mp4", "pcm_s16le", "out.mp4"),  # whose channels Matroska does not name
        ("in.mkv", "pcm_s24le", "out.mov", "pcm_s24le", "out.mov"),
        ("in.mkv", "pcm_s16le", "out.webm", "pcm_s16le", "out.mkv"),
        ("in.mkv", "flac", "out.mp4", "flac", "out.mp4"),
        ("in.mkv", "flac", "out.mov", "flac", "out.mkv"),
        ("in.mkv", "tta", "out.mp4", "tta", "out.mkv"),
        ("in.mov", "alac", "out.mkv", "alac", "out.mkv"),
    ],
)
def test_sound_is_copied_where_the_container_holds_it_and_else_the_film_goes_where_it_is_held(
    tmp_path, source, codec, output, name, becomes
):
    source, output, becomes = tmp_path / source, tmp_path / output, tmp_path / becomes
    film_with_sound(source, codec)
    title = {".webm": "WebM", ".mov": "QuickTime", ".mp4": "MP4"}.get(output.suffix, "")
    said = warnings(source, output)
    assert (GOES.format(title=title, name=name) in said) == (output != becomes)
    report = enlarge(source, output, settings_for(output))
    assert report.exit_code == 0, report.items[0].sentence
    (coded, _, before), (also, _, after) = sound_of(source), sound_of(becomes)
    assert also == coded
    assert np.array_equal(before, after)


def settings_for(output: Path) -> Settings:
    return SETTINGS if output.suffix != ".webm" else Settings(scale=1, model="same", device="cpu", precision="fp32")


# --- subtitles --------------------------------------------------------------------------------------------------------

LINES = [
    (0.2, 0.7, "Hello <i>there</i>"),
    (1.0, 1.7, "Second, line\nin two <b>rows</b>"),
    (1.7, 1.9, "\u00dcnic\u00f6d\u00e9 \u2014 \u65e5\u672c\u8a9e"),
]


def clock(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}"


def film_with_subtitles(path: Path, texts: Path) -> None:
    film = path.with_name("plain.mkv")
    make_film(film, [planes(number, "yuv420p", (48, 64)) for number in range(60)], codec="mpeg4")
    with av.open(str(film)) as pictures, av.open(str(texts)) as words, av.open(str(path), "w") as container:
        streams = [
            container.add_stream_from_template(source, opaque=True)
            for source in (pictures.streams.video[0], words.streams.subtitles[0])
        ]
        streams[1].metadata["language"] = "deu"
        packets = [(p, 0) for p in pictures.demux() if p.size] + [(p, 1) for p in words.demux() if p.size]
        for packet, index in sorted(packets, key=lambda pair: float(pair[0].dts * pair[0].time_base)):
            packet.stream = streams[index]
            container.mux_one(packet)


def subtitles_of(path: Path) -> tuple[str, list[tuple[float, float, bytes]]]:
    """Codec, and when each text begins and ends; without what fills MP4's pauses."""
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        packets = [packet for packet in container.demux(stream) if packet.size and bytes(packet) != b"\0\0"]
        found = [
            (
                round(float(packet.pts * packet.time_base), 3),
                round(float((packet.pts + packet.duration) * packet.time_base), 3),
                bytes(packet),
            )
            for packet in packets
        ]
        return stream.codec_context.codec.canonical_name, found


def test_text_subtitles_go_to_mp4_and_back_without_a_change(tmp_path):
    words = tmp_path / "words.srt"
    words.write_text(
        "".join(f"{n}\n{clock(a)} --> {clock(b)}\n{text}\n\n".replace(".", ",") for n, (a, b, text) in enumerate(LINES))
    )
    source, middle, again = tmp_path / "in.mkv", tmp_path / "middle.mp4", tmp_path / "again.mkv"
    film_with_subtitles(source, words)
    assert "MP4 cannot hold the subtitles of stream 1 (subrip, deu): it becomes mov_text." in warnings(source, middle)
    assert enlarge(source, middle, SETTINGS).exit_code == 0
    assert "Matroska cannot hold the subtitles of stream 1 (mov_text, deu): it becomes subrip." in warnings(
        middle, again
    )
    assert enlarge(middle, again, SETTINGS).exit_code == 0
    assert subtitles_of(middle)[0] == "mov_text"
    assert subtitles_of(again) == subtitles_of(source)
    assert [(a, b, text.decode()) for a, b, text in subtitles_of(again)[1]] == LINES


def test_subtitles_of_mp4_are_copied_to_mp4_with_their_pauses(tmp_path):
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,200 --> 00:00:00,700\nOne\n\n2\n00:00:01,000 --> 00:00:01,500\nTwo\n")
    source, middle, again = tmp_path / "in.mkv", tmp_path / "middle.mp4", tmp_path / "again.mp4"
    film_with_subtitles(source, words)
    assert enlarge(source, middle, SETTINGS).exit_code == 0
    assert enlarge(middle, again, SETTINGS).exit_code == 0

    def everything(path):
        with av.open(str(path)) as container:
            return [(p.pts, p.duration, bytes(p)) for p in container.demux(container.streams.subtitles[0]) if p.size]

    assert everything(again) == everything(middle)
    assert len(everything(again)) == 4


STYLED = """[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:00.20,0:00:00.70,Default,,0,0,0,,{\\pos(3,4)}Above
Dialogue: 0,0:00:01.00,0:00:01.70,Default,,0,0,0,,First, and\\Nlong
Dialogue: 0,0:00:01.20,0:00:01.90,Default,,0,0,0,,{\\i1}Second
"""


def test_subtitles_that_overlap_are_shown_together_in_mp4_at_their_times(tmp_path):
    words = tmp_path / "words.ass"
    words.write_text(STYLED)
    source, output = tmp_path / "in.mkv", tmp_path / "out.mp4"
    film_with_subtitles(source, words)
    assert "it becomes mov_text; places and colours of its styles are lost." in warnings(source, output)
    assert enlarge(source, output, SETTINGS).exit_code == 0
    texts = [(a, b, text[2 : 2 + int.from_bytes(text[:2])].decode()) for a, b, text in subtitles_of(output)[1]]
    assert texts == [
        (0.2, 0.7, "Above"),
        (1.0, 1.2, "First, and\nlong"),
        (1.2, 1.7, "First, and\nlong\nSecond"),
        (1.7, 1.9, "Second"),
    ]


def test_subtitles_of_a_part_begin_with_it(tmp_path):
    words = tmp_path / "words.srt"
    words.write_text("1\n00:00:00,200 --> 00:00:00,700\nOne\n\n2\n00:00:01,000 --> 00:00:01,500\nTwo\n")
    source, output = tmp_path / "in.mkv", tmp_path / "out.mp4"
    film_with_subtitles(source, words)
    part = Settings(scale=1, model="same", device="cpu", precision="fp32", film=FilmSettings(start=0.8))
    assert enlarge(source, output, part).exit_code == 0
    assert [text[:2] for text in subtitles_of(output)[1]] == [(0.2, 0.7)]


def segment(when: float, kind: int, data: bytes) -> bytes:
    ticks = int(when * 90000)
    return b"PG" + ticks.to_bytes(4) + bytes(4) + bytes([kind]) + len(data).to_bytes(2) + data


def blu_ray_subtitles(path: Path) -> None:
    """One white block of 8x4 pixels, from 0.2 to 0.7 s (the segments of a presentation graphics stream)."""
    screen = bytes([0, 64, 0, 48, 0x10])
    window = bytes([1, 0, 0, 4, 0, 4, 0, 8, 0, 4])
    pixels = (bytes([1] * 8) + b"\0\0") * 4
    block = b"\0\0\0\xc0" + (len(pixels) + 4).to_bytes(3) + bytes([0, 8, 0, 4]) + pixels
    shown = screen + bytes([0, 0, 0x80, 0, 0, 1]) + bytes([0, 0, 0, 0, 0, 4, 0, 4])
    hidden = screen + bytes([0, 1, 0, 0, 0, 0])
    path.write_bytes(
        segment(0.2, 0x16, shown)
        + segment(0.2, 0x17, window)
        + segment(0.2, 0x14, bytes([0, 0, 1, 235, 128, 128, 255]))
        + segment(0.2, 0x15, block)
        + segment(0.2, 0x80, b"")
        + segment(0.7, 0x16, hidden)
        + segment(0.7, 0x17, window)
        + segment(0.7, 0x80, b"")
    )


def test_drawn_subtitles_are_copied_to_matroska_and_named_where_they_cannot_go(tmp_path):
    words = tmp_path / "words.sup"
    blu_ray_subtitles(words)
    source = tmp_path / "in.mkv"
    film_with_subtitles(source, words)
    said = warnings(source, tmp_path / "out.mp4")
    assert (
        "MP4 cannot hold the subtitles of stream 1 (hdmv_pgs_subtitle, deu): it is left out; .mkv may keep it." in said
    )
    assert enlarge(source, tmp_path / "out.mp4", SETTINGS).exit_code == 0
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.subtitles
    assert "cannot hold" not in warnings(source, tmp_path / "out.mkv")
    assert enlarge(source, tmp_path / "out.mkv", SETTINGS).exit_code == 0
    assert subtitles_of(tmp_path / "out.mkv") == subtitles_of(source)


def text(start: int, end: int, words: bytes) -> Text:
    return Text(start, end, b"0,0,Default,,0,0,0,,", words)


def test_texts_in_turn_show_the_same_at_every_moment():
    texts = [text(0, 10, b"a"), text(2, 4, b"b"), text(3, 12, b"c"), text(12, 13, b"d"), text(12, 13, b"e")]
    turns = in_turn(texts)
    assert all(one.end <= other.start for one, other in pairwise(turns))
    for when in range(14):
        shown = sorted(t.text for t in texts if t.start <= when < t.end)
        found = [t.text for t in turns if t.start <= when < t.end]
        assert sorted(found[0].split(b"{\\r}\\N") if found else []) == shown


# --- covers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "kept"), [("png", True), ("jpeg", True), ("gif", False), ("tiff", False)])
def test_a_cover_that_mp4_has_no_place_for_is_named_and_the_film_is_made(tmp_path, kind, kept):
    from PIL import Image

    cover, plain, source, output = (tmp_path / name for name in ("c", "plain.mkv", "in.mkv", "out.mp4"))
    Image.new("RGB", (32, 32), "red").save(cover, format=kind)
    make_film(plain, [planes(number, "yuv420p", (48, 64)) for number in range(6)], codec="mpeg4")
    with av.open(str(plain)) as film, av.open(str(source), "w") as container:
        video = container.add_stream_from_template(film.streams.video[0], opaque=True)
        container.add_attachment(f"cover.{kind}", f"image/{kind}", cover.read_bytes())
        for packet in film.demux():
            if packet.size:
                packet.stream = video
                container.mux_one(packet)
    sentence = (
        f"MP4 has no cover of that kind: the cover of stream 1 ({kind}, cover.{kind}) is left out; .mkv keeps it."
    )
    assert (sentence not in warnings(source, output)) == kept
    assert enlarge(source, output, SETTINGS).exit_code == 0
    with av.open(str(output)) as container:
        found = (
            [bytes(packet) for packet in container.demux(container.streams.video[1:]) if packet.size] if kept else []
        )
        assert len(container.streams) == 1 + kept
    assert found == ([cover.read_bytes()] if kept else [])
    assert enlarge(source, tmp_path / "again.mkv", SETTINGS).exit_code == 0
    with av.open(str(tmp_path / "again.mkv")) as container:
        assert bytes(next(container.demux(container.streams.video[1]))) == cover.read_bytes()


# --- chapters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "lead"), [(".mkv", Fraction(1024, RATE)), (".mp4", Fraction(0))])
def test_chapters_begin_at_the_frames_where_they_began(tmp_path, suffix, lead):
    """Sound of MP4 begins before zero; Matroska has no such times, so that there all moves, chapters too."""
    from tests.films import all_frames

    plain, source, output = tmp_path / "plain.mp4", tmp_path / "in.mp4", tmp_path / f"out{suffix}"
    film_with_sound(plain, "aac")
    with av.open(str(plain)) as film, av.open(str(source), "w") as container:
        streams = [container.add_stream_from_template(stream, opaque=True) for stream in film.streams]
        chapters = [(0, 400, "One"), (400, 1000, "Two")]
        container.set_chapters(
            [
                {"id": n, "start": a, "end": b, "time_base": Fraction(1, 1000), "metadata": {"title": title}}
                for n, (a, b, title) in enumerate(chapters, 1)
            ]
        )
        for packet in film.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                container.mux_one(packet)
    assert enlarge(source, output, SETTINGS).exit_code == 0
    (before, old), (after, new) = all_frames(source), all_frames(output)
    assert before.chapters[1].start == old[10].ticks * before.time_base
    for one, other in zip(before.chapters, after.chapters, strict=True):
        assert abs(other.start - one.start - lead) <= Fraction(1, 1000)
        assert abs(other.end - one.end - lead) <= Fraction(1, 1000)
    assert abs(after.chapters[1].start - new[10].ticks * after.time_base) <= Fraction(1, 1000)
    with av.open(str(output)) as container:
        sound = next(container.demux(container.streams.audio[0]))
        assert abs(sound.pts * sound.time_base - (lead - Fraction(1024, RATE))) <= Fraction(1, 1000)

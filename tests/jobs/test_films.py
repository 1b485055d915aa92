"""A film comes out as it went in, but larger."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.films import CLIPS, SAME, TWICE, all_frames, digest, enlarge, make_film, payloads, plan_for, planes
from tests.shared import needs_shared
from upscaler.errors import MediaError, UsageError
from upscaler.jobs import Control, FilmSettings, Settings, events
from upscaler.media.films.formats import layout_of, planar_twin
from upscaler.media.films.journal import folder_of

SAMPLES = [
    ("film.mkv", ".mkv"),
    ("cover_chapters.mp4", ".mp4"),
    ("rotated.mp4", ".mp4"),
    ("vfr.mkv", ".mkv"),
    ("vfr.mp4", ".mp4"),
    ("vfr.mkv", ".mp4"),
    ("hdr10.mp4", ".mp4"),
    ("hlg.mkv", ".mkv"),
    ("interlaced.mkv", ".mkv"),
    ("interlaced_mpeg2.ts", ".mkv"),
    ("odd444_fullrange.mkv", ".mkv"),
    ("ffv1_422_10bit.mkv", ".mkv"),
    ("alpha_vp9.webm", ".webm"),
    ("alpha_prores4444.mov", ".mov"),
    ("av1_opus.webm", ".webm"),
    ("damaged.mkv", ".mkv"),
    ("cut_short.mkv", ".mkv"),
]


def film_settings(model=SAME, **options) -> Settings:
    """Of a model that ``tests.films`` made; in float32, since identity is to be exact."""
    return Settings(scale=model.scale, model=model.name, device="cpu", precision="fp32", film=FilmSettings(**options))


@needs_shared
@pytest.mark.parametrize(("name", "suffix"), SAMPLES)
def test_frames_times_streams_chapters_tags_colour_turn_and_aspect_stay(tmp_path, name, suffix):
    source, output = CLIPS / name, tmp_path / f"out{suffix}"
    report = enlarge(source, output, film_settings(TWICE), TWICE)
    assert report.exit_code == 0, report.items[0].sentence
    before, frames = all_frames(source)
    after, larger = all_frames(output)

    assert len(larger) == len(frames)
    tick = max(before.time_base, after.time_base)
    for old, new in zip(frames, larger, strict=True):
        assert abs(old.ticks * before.time_base - new.ticks * after.time_base) <= tick
    assert (after.width, after.height) == (2 * before.width, 2 * before.height)
    assert (after.layout.depth, after.layout.alpha) == (
        min(before.layout.depth, after.layout.depth),
        before.layout.alpha,
    )
    assert (after.layout.step_x, after.layout.step_y) == (before.layout.step_x, before.layout.step_y)

    assert (after.colour.primaries, after.colour.transfer) == (before.colour.primaries, before.colour.transfer)
    assert after.colour.full_range == before.colour.full_range
    assert after.colour.matrix == before.colour.matrix_used(before.height)
    assert after.turn == before.turn
    assert after.aspect == before.aspect
    assert after.light == before.light
    assert after.mastering == before.mastering

    assert [dict(chapter.tags) for chapter in after.chapters] == [dict(chapter.tags) for chapter in before.chapters]
    for old, new in zip(before.chapters, after.chapters, strict=True):
        assert abs(old.start - new.start) <= Fraction(1, 1000)
        assert abs(old.end - new.end) <= Fraction(1, 1000)
    for key in ("title", "artist", "date", "comment"):
        assert tag(after.tags, key) == tag(before.tags, key)


def tag(tags, key):
    return next((value for name, value in tags.items() if name.lower() == key), None)


@needs_shared
@pytest.mark.parametrize(
    ("name", "suffix"), [("film.mkv", ".mkv"), ("cover_chapters.mp4", ".mp4"), ("av1_opus.webm", ".webm")]
)
def test_every_other_stream_is_copied_packet_by_packet(tmp_path, name, suffix):
    source, output = CLIPS / name, tmp_path / f"out{suffix}"
    assert enlarge(source, output).exit_code == 0
    before, after = all_frames(source)[0], all_frames(output)[0]
    old, new = payloads(source), payloads(output)
    kinds = ("audio", "subtitle", "cover")
    left = {kind: [stream for stream in before.others if stream.kind == kind] for kind in kinds}
    right = {kind: [stream for stream in after.others if stream.kind == kind] for kind in kinds}
    for kind in kinds:
        assert len(left[kind]) == len(right[kind]), kind
        for one, other in zip(left[kind], right[kind], strict=True):
            if not (kind == "subtitle" and suffix == ".mp4"):  # MP4 adds an empty packet to end the last text
                assert old[one.index] == new[other.index]
            assert one.disposition == other.disposition
            assert one.codec == other.codec
            for key in ("language", "title"):
                assert tag(one.tags, key) == tag(other.tags, key)
    with av.open(str(source)) as first, av.open(str(output)) as second:
        assert [a.data for a in first.streams.attachments] == [a.data for a in second.streams.attachments]
        assert [a.name for a in first.streams.attachments] == [a.name for a in second.streams.attachments]


@needs_shared
def test_each_stream_keeps_its_start(tmp_path):
    output = tmp_path / "out.mkv"
    enlarge(CLIPS / "film.mkv", output)

    def starts(path):
        first = {}
        with av.open(str(path)) as container:
            for packet in container.demux():
                if packet.pts is not None and packet.stream_index not in first:
                    first[packet.stream_index] = packet.pts * packet.time_base
        return [first[index] for index in range(5)]

    assert starts(output) == starts(CLIPS / "film.mkv")


LOSSLESS = [
    (known.name, full)
    for known in av.Codec("ffv1", "w").video_formats
    if known.name in (
        "yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "yuv420p10le", "yuv422p10le", "yuv444p10le",
        "yuv420p12le", "yuv422p12le", "yuv444p12le", "yuv420p16le", "yuv444p16le", "gray", "gray10le", "gray16le",
        "bgr0", "bgra", "gbrp10le", "gbrp12le", "gbrap12le", "rgb48le", "yuva420p", "yuva422p10le", "yuva444p12le",
        "yuva444p16le",
    )
    for full in ((False, True) if known.name.startswith(("yuv", "gray")) else (True,))
]  # fmt: skip


@pytest.mark.parametrize(("name", "full_range"), LOSSLESS)
def test_an_untouched_film_comes_back_sample_by_sample(tmp_path, name, full_range):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    size = (46, 62) if "410" in name or "411" in name else (45, 63)
    frames = [planes(number, planar_twin(name), size, limited=not full_range) for number in range(3)]
    make_film(source, frames, name, color_range=2 if full_range else 1, colorspace=1 if "yuv" in name else 2)
    report = enlarge(source, output)
    assert report.exit_code == 0, report.items[0].sentence
    before, after = all_frames(source), all_frames(output)
    assert after[0].layout == before[0].layout
    assert after[0].colour == before[0].colour
    assert digest(after[1]) == digest(before[1])
    layout = layout_of(planar_twin(name))
    assert [plane.shape for plane in after[1][0].planes] == [
        layout.shape(index, *size) for index in range(layout.colours + layout.alpha)
    ]


@pytest.mark.parametrize("transfer", [16, 18])
def test_hdr_comes_back_within_one_code_value_through_a_lossless_encoder(tmp_path, transfer):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    frames = [planes(number, "yuv420p10le", (48, 64), limited=True) for number in range(3)]
    make_film(
        source, frames, "yuv420p10le", colorspace=9, color_primaries=9, color_trc=transfer, color_range=1
    )  # fmt: skip
    assert enlarge(source, output).exit_code == 0
    (before, old), (after, new) = all_frames(source), all_frames(output)
    assert after.colour == before.colour
    for one, other in zip(old, new, strict=True):
        for plane, again in zip(one.planes, other.planes, strict=True):
            assert np.abs(plane.astype(int) - again.astype(int)).max() <= 1


# --- containers ---------------------------------------------------------------------------------------------------


@needs_shared
def test_what_mp4_cannot_hold_is_converted_or_named_before_work_starts(tmp_path):
    output = tmp_path / "out.mp4"
    plan = plan_for(CLIPS / "film.mkv", output, film_settings(), SAME)
    warnings = "\n".join(plan.items[0].work.warnings)
    assert "MP4 cannot hold the subtitles of stream 3 (subrip, eng): it becomes mov_text." in warnings
    assert "it becomes mov_text; places and colours of its styles are lost" in warnings
    assert "MP4 has no attachments: the attachment of stream 5 (DejaVuSansSubset.ttf" in warnings
    assert not output.exists()

    assert enlarge(CLIPS / "film.mkv", output).exit_code == 0
    after = all_frames(output)[0]
    assert [stream.kind for stream in after.others if stream.kind != "data"] == [
        "audio", "audio", "subtitle", "subtitle", "cover"
    ]  # fmt: skip
    with av.open(str(output)) as container:
        packets = [bytes(packet) for packet in container.demux(container.streams.subtitles[0]) if packet.size > 2]
    assert [data[2 : 2 + int.from_bytes(data[:2])].decode() for data in packets] == [
        "First line",
        "Second line,\nin two rows",
    ]


@needs_shared
def test_without_a_name_a_film_goes_where_all_of_it_fits(tmp_path):
    work = plan_for(CLIPS / "interlaced_mpeg2.ts", tmp_path / "out.mkv", film_settings(), SAME).items[0].work
    assert work.suffix == ".mkv"
    assert work.target.container == "matroska"


@needs_shared
def test_sound_that_a_container_cannot_hold_moves_the_film_to_matroska(tmp_path):
    output = tmp_path / "out.webm"
    plan = plan_for(CLIPS / "rotated.mp4", output, film_settings(), SAME)
    assert plan.items[0].output == tmp_path / "out.mkv"
    assert (
        "WebM cannot hold the sound of stream 1 (aac, und): the film goes to Matroska" in plan.items[0].work.warnings[0]
    )


@needs_shared
def test_mp4_can_be_played_while_it_loads_and_is_tagged_for_every_player(tmp_path):
    output = tmp_path / "out.mp4"
    enlarge(CLIPS / "hdr10.mp4", output)
    content = output.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert b"hvc1" in content
    assert b"hev1" not in content


@needs_shared
def test_text_subtitles_of_mp4_become_subrip_in_matroska(tmp_path):
    output = tmp_path / "out.mkv"
    assert enlarge(CLIPS / "cover_chapters.mp4", output).exit_code == 0
    after = all_frames(output)[0]
    subtitles = [stream for stream in after.others if stream.kind == "subtitle"]
    assert [stream.codec for stream in subtitles] == ["subrip"]
    assert tag(subtitles[0].tags, "language") == "eng"
    with av.open(str(output)) as container:
        packets = [p for p in container.demux(container.streams.subtitles[0]) if p.size]
    assert len(packets) == 2, "pauses are no subtitles"
    assert [stream.kind for stream in after.others] == ["audio", "subtitle", "cover"]


@needs_shared
def test_no_audio_leaves_the_sound_out_and_nothing_else(tmp_path):
    output = tmp_path / "out.mkv"
    enlarge(CLIPS / "film.mkv", output, film_settings(audio=False))
    assert [s.kind for s in all_frames(output)[0].others] == ["subtitle", "subtitle", "attachment", "cover"]


@needs_shared
def test_a_part_of_a_film_begins_at_zero_with_its_sound(tmp_path):
    output = tmp_path / "out.mkv"
    assert enlarge(CLIPS / "film.mkv", output, film_settings(start=1.0, duration=1.0)).exit_code == 0
    frames = all_frames(CLIPS / "film.mkv")[1]
    after, part = all_frames(output)
    kept = [frame.ticks - 1000 for frame in frames if 1000 <= frame.ticks < 2000]
    assert [frame.ticks for frame in part] == kept
    assert [(round(float(c.start), 3), round(float(c.end), 3)) for c in after.chapters] == [(0, 0.2), (0.2, 1.0)]
    with av.open(str(output)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(container.streams.audio[0]) if p.size]
    assert -0.01 <= times[0] < 0.03
    assert 0.95 < times[-1] < 1.0


# --- encoders -------------------------------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("name", "codec", "encoded"),
    [
        ("film.mkv", None, "h264"),
        ("film.mkv", "x265", "hevc"),
        ("film.mkv", "svt-av1", "av1"),
        ("film.mkv", "vp9", "vp9"),
        ("film.mkv", "prores", "prores"),
        ("film.mkv", "ffv1", "ffv1"),
        ("hdr10.mp4", None, "hevc"),
        ("alpha_vp9.webm", None, "vp9"),
        ("alpha_prores4444.mov", None, "prores"),
        ("ffv1_422_10bit.mkv", None, "ffv1"),
    ],
)
def test_the_encoder_is_the_one_asked_for_or_fits_the_film(tmp_path, name, codec, encoded):
    source = CLIPS / name
    output = tmp_path / (f"out{source.suffix}" if codec is None else "out.mkv")
    report = enlarge(source, output, film_settings(codec=codec, duration=0.3))
    assert report.exit_code == 0, report.items[0].sentence
    assert all_frames(output)[0].codec == encoded


@needs_shared
def test_the_default_is_visually_lossless(tmp_path):
    output = tmp_path / "out.mkv"
    enlarge(CLIPS / "film.mkv", output)
    old, new = all_frames(CLIPS / "film.mkv")[1], all_frames(output)[1]
    errors = [np.mean((a.planes[0].astype(float) - b.planes[0]) ** 2) for a, b in zip(old, new, strict=True)]
    assert 10 * np.log10(255**2 / np.mean(errors)) > 42


@needs_shared
@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"codec": "h266"}, "There is no film encoder 'h266'; known: x264, x265"),
        ({"codec": "h264-nvenc"}, "h264-nvenc does not open .*; there are x264"),
        ({"codec": "ffv1", "crf": 20}, "--crf means nothing to ffv1"),
        ({"codec": "x264", "crf": 60}, "--crf of x264 goes from 0"),
        ({"pix_fmt": "yuv420p12le", "codec": "x264"}, "x264 does not take the pixel format 'yuv420p12le'; it takes"),
        ({"codec": "prores", "encoder_preset": "slow"}, "--encoder-preset means nothing to prores"),
        ({"start": -1}, "--start"),
        ({"duration": 0}, "--duration"),
    ],
)
def test_what_cannot_be_is_said_before_work_starts(tmp_path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        plan_for(CLIPS / "film.mkv", tmp_path / "out.mkv", film_settings(**options), SAME)


@needs_shared
def test_an_encoder_that_the_named_container_cannot_hold_is_refused_with_those_it_can(tmp_path):
    with pytest.raises(UsageError, match=r"MP4 does not hold ffv1; it holds x264, x265"):
        plan_for(CLIPS / "film.mkv", tmp_path / "out.mp4", film_settings(codec="ffv1"), SAME)


def test_a_frame_larger_than_every_encoder_takes_is_refused_in_the_plan(tmp_path):
    source = tmp_path / "wide.mkv"
    make_film(source, [planes(0, "yuv420p", (16, 9000))], codec="libx264")
    with pytest.raises(UsageError, match="svt-av1 does not open for 18000x32"):
        plan_for(source, tmp_path / "out.mkv", film_settings(TWICE, codec="svt-av1"), TWICE)


def test_odd_sides_are_cut_only_where_the_encoder_wants_it_and_the_plan_says_so(tmp_path):
    source = tmp_path / "odd.mkv"
    make_film(source, [planes(i, "yuv420p", (47, 63)) for i in range(3)])
    lossless = plan_for(source, tmp_path / "a.mkv", film_settings(), SAME).items[0].work
    assert (lossless.out_width, lossless.out_height) == (63, 47)
    even = plan_for(source, tmp_path / "b.mkv", film_settings(codec="x264"), SAME).items[0].work
    assert (even.out_width, even.out_height) == (62, 46)
    assert "63x47 becomes 62x46, the last column or row is cut off" in "".join(even.warnings)
    assert enlarge(source, tmp_path / "b.mkv", film_settings(codec="x264")).exit_code == 0
    assert all_frames(tmp_path / "b.mkv")[0].width == 62


def test_a_target_size_keeps_the_aspect_and_adds_no_bars(tmp_path):
    source = tmp_path / "in.mkv"
    make_film(source, [planes(i, "yuv420p", (40, 72)) for i in range(2)], codec="libx264")
    work = plan_for(source, tmp_path / "out.mkv", replace(film_settings(), fit=(100, 100)), SAME).items[0].work
    assert (work.out_width, work.out_height) == (100, 56)


@needs_shared
def test_losses_are_named(tmp_path):
    def warnings(name, **options):
        return "\n".join(
            plan_for(CLIPS / name, tmp_path / "o.mkv", film_settings(**options), SAME).items[0].work.warnings
        )

    assert "is interlaced: moving edges are combs" in warnings("interlaced.mkv")
    assert "interlaced" not in warnings("interlaced.mkv", deinterlace=True)
    assert "x264 has no alpha: alpha_vp9.webm is laid on white" in warnings("alpha_vp9.webm", codec="x264")
    assert "HDR, and yuv420p shows bands" in warnings("hdr10.mp4", codec="vp9")
    assert "codes 8 bits here, of the 10" in warnings("hdr10.mp4", codec="vp9")
    assert "ffv1 has no place for the HDR10 metadata" in warnings("hdr10.mp4", codec="ffv1")
    assert "colour at a lower resolution" in warnings("ffv1_422_10bit.mkv", codec="svt-av1")
    assert "does not tell its colour matrix; BT.601 is assumed" in warnings("alpha_prores4444.mov")


@needs_shared
def test_transparent_film_without_alpha_is_laid_on_the_background(tmp_path):
    output = tmp_path / "out.mkv"
    settings = replace(film_settings(codec="x264", pix_fmt="yuv444p", crf=1), background="black")
    assert enlarge(CLIPS / "alpha_vp9.webm", output, settings).exit_code == 0
    source, result = all_frames(CLIPS / "alpha_vp9.webm")[1][0], all_frames(output)[1][0]
    hidden = source.planes[3] == 0
    assert hidden.any()
    assert result.planes[0][hidden].max() <= 18


# --- trouble --------------------------------------------------------------------------------------------------------


@needs_shared
def test_damage_is_concealed_counted_and_said(tmp_path):
    report = enlarge(CLIPS / "damaged.mkv", tmp_path / "out.mkv")
    row = report.items[0]
    assert (row.state, row.frames, row.damaged_frames) == ("finished", 42, 2)
    assert any("is damaged: 2 frames were concealed, all times are kept." in text for text in row.warnings)


@needs_shared
def test_a_film_without_header_is_one_sentence_and_the_batch_goes_on(tmp_path, repeater):
    from upscaler.jobs import Request, make_plan, run

    for name in ("no_header.mp4", "hlg.mkv"):
        (tmp_path / name).write_bytes((CLIPS / name).read_bytes())
    settings = Settings(scale=2, model=repeater(2), device="cpu", film=FilmSettings(duration=0.1))
    plan = make_plan(Request(inputs=(tmp_path,), output=tmp_path / "out"), settings)
    report = run(plan)
    assert report.exit_code == 1
    states = {Path(row.source).name: row.state for row in report.items}
    assert states == {"no_header.mp4": "failed", "hlg.mkv": "finished"}
    failed = next(row for row in report.items if row.state == "failed")
    assert failed.sentence.startswith("no_header.mp4 cannot be opened as a film")


def test_films_and_pictures_of_a_folder_are_done_together(tmp_path, repeater):
    from PIL import Image

    from upscaler.jobs import Request, make_plan, run

    folder = tmp_path / "in"
    folder.mkdir()
    make_film(folder / "film.mkv", [planes(i, "yuv420p", (32, 48)) for i in range(4)], codec="libx264")
    Image.new("RGB", (20, 10), "red").save(folder / "picture.png")
    (folder / "module.ts").write_text("export const film = 1;\n")
    settings = Settings(scale=2, model=repeater(2), device="cpu")
    plan = make_plan(Request(inputs=(folder,), output=tmp_path / "out"), settings)
    assert run(plan).exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["film.mkv", "picture.png"]
    assert all_frames(tmp_path / "out" / "film.mkv")[0].width == 96
    again = make_plan(Request(inputs=(folder,), output=tmp_path / "out"), settings)
    assert all(item.skip for item in again.items if item.problem is None), "receipts show that all is done"


def test_nothing_but_the_film_is_left(tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out" / "out.mkv"
    make_film(source, [planes(i, "yuv420p", (32, 48)) for i in range(30)], codec="libx264")
    assert enlarge(source, output, model=TWICE).exit_code == 0
    assert [path.name for path in output.parent.iterdir()] == ["out.mkv"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_short_films_work(tmp_path, count):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mp4"
    make_film(source, [planes(i, "yuv420p", (32, 48)) for i in range(count)], codec="libx264")
    assert enlarge(source, output, model=TWICE).exit_code == 0
    assert len(all_frames(output)[1]) == count


def test_sizes_that_do_not_divide_by_four_are_right_to_the_edge(tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    flat = [[np.full((42, 58), 120, np.uint8), np.full((21, 29), 90, np.uint8), np.full((21, 29), 160, np.uint8)]] * 2
    make_film(source, flat, "yuv420p", colorspace=1, color_range=1)
    enlarge(source, output, model=SAME)
    for plane, value in zip(all_frames(output)[1][0].planes, (120, 90, 160), strict=True):
        assert (plane == value).all()


def test_a_film_can_be_cancelled_and_gone_on_with(tmp_path, monkeypatch):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, [planes(i, "yuv420p", (32, 48)) for i in range(90)], codec="libx264")
    control = Control()
    seen = []

    def tell(event):
        if isinstance(event, events.Progress):
            seen.append(event.done)
            if event.done == 50:
                control.cancel()

    monkeypatch.setattr("upscaler.jobs.film_plan._PIECE_FRAMES", (24, 24))
    assert enlarge(source, output, film_settings(TWICE), TWICE, tell=tell, control=control).exit_code == 130
    assert not output.exists()
    assert folder_of(output).is_dir(), "what is done stays"
    seen.clear()
    report = enlarge(source, output, film_settings(TWICE), TWICE, tell=tell)
    assert report.exit_code == 0
    assert seen[0] == 48, "it went on after two whole pieces"
    assert len(all_frames(output)[1]) == 90
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mkv", "out.mkv"]


def test_progress_is_in_frames_and_ends_at_their_number(tmp_path):
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, [planes(i, "yuv420p", (32, 48)) for i in range(20)], codec="libx264")
    seen = []
    enlarge(source, output, tell=lambda e: seen.append(e) if isinstance(e, events.Progress) else None)
    assert [event.done for event in seen if event.stage == "upscaling"] == list(range(1, 21))
    assert seen[-1].done == seen[-1].total == 20
    assert all(event.done <= event.total <= 25 for event in seen)


@pytest.mark.parametrize("where", ["network", "encoder"])
def test_a_stage_that_fails_ends_the_film_with_its_sentence(tmp_path, monkeypatch, where):
    from upscaler.engine.frames import FrameUpscaler
    from upscaler.media.films.segments import PieceWriter

    def fail(*_, **__):
        raise MediaError("It broke here.")

    if where == "network":
        monkeypatch.setattr(FrameUpscaler, "enlarge", fail)
    else:
        monkeypatch.setattr(PieceWriter, "write", fail)
    source, output = tmp_path / "in.mkv", tmp_path / "out.mkv"
    make_film(source, [planes(i, "yuv420p", (32, 48)) for i in range(200)], codec="libx264")
    report = enlarge(source, output)
    assert (report.items[0].state, report.items[0].sentence) == ("failed", "It broke here.")
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


# --- standing still -----------------------------------------------------------------------------------------------


def screen_recording(path: Path, frames: int, pixel_format: str, size: tuple[int, int] = (480, 640)) -> None:
    """A desktop that stands still, but for a blinking cursor."""
    still = planes(0, pixel_format, size)
    recorded = []
    for number in range(frames):
        shown = [plane.copy() for plane in still]
        if number % 4 < 2:
            shown[0][200:216, 300:304] = 235
        recorded.append(shown)
    make_film(path, recorded, pixel_format, options={"level": "3", "g": "1"})


@pytest.mark.parametrize(("scale", "pixel_format"), [(2, "yuv420p"), (2, "gray"), (3, "yuv420p"), (4, "yuv420p")])
def test_what_stands_still_is_computed_once_with_the_same_result(tmp_path, scale, pixel_format):
    """By one network, by two, and brought to a size between."""
    source = tmp_path / "screen.mkv"
    screen_recording(source, 24 if scale == 2 else 8, pixel_format)
    outputs = {}
    for reuse in (True, False):
        outputs[reuse] = tmp_path / f"{reuse}.mkv"
        settings = replace(film_settings(TWICE), scale=scale, film=FilmSettings(reuse=reuse))
        report = enlarge(source, outputs[reuse], settings, TWICE)
        share = report.items[0].reused
        assert (share > 0.8) if reuse else (share == 0)
    assert digest(all_frames(outputs[True])[1]) == digest(all_frames(outputs[False])[1])
    assert payloads(outputs[True]) == payloads(outputs[False])


# --- animated pictures, frames, previews ------------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("name", "suffix"), [("sprite.gif", ".gif"), ("sprite_apng.png", ".png"), ("sprite.webp", ".webp")]
)
def test_an_animation_stays_one_with_its_times(tmp_path, name, suffix):
    from upscaler.media.films.sources import describe_source, frames_of

    output = tmp_path / f"out{suffix}"
    report = enlarge(CLIPS / name, output, film_settings(TWICE), TWICE)
    assert report.exit_code == 0, report.items[0].sentence
    before, after = describe_source(CLIPS / name)[0], describe_source(output)[0]
    assert (after.width, after.height, after.container) == (192, 144, before.container)
    old, new = list(frames_of(before)), list(frames_of(after))
    assert [frame.ticks for frame in new] == [frame.ticks for frame in old]
    opaque = [np.mean(frame.planes[3] > 127) for frame in old]
    assert [np.mean(frame.planes[3] > 127) for frame in new] == pytest.approx(opaque, abs=0.02)


@needs_shared
def test_an_untouched_animation_is_the_same_to_the_last_bit(tmp_path):
    from upscaler.media.films.sources import describe_source, frames_of

    for name, suffix in (("sprite_apng.png", ".png"), ("sprite.webp", ".webp")):
        output = tmp_path / f"out{suffix}"
        enlarge(CLIPS / name, output)
        assert digest(frames_of(describe_source(output)[0])) == digest(frames_of(describe_source(CLIPS / name)[0]))


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (1, 400), (3, 5)])
def test_the_smallest_animations_are_untouched_too(tmp_path, size):
    from PIL import Image

    from upscaler.media.films.sources import describe_source, frames_of

    source, output = tmp_path / "in.png", tmp_path / "out.png"
    frames = [Image.new("RGBA", size, (40 * number, 2, 3, 100 + number)) for number in range(4)]
    frames[0].save(source, save_all=True, append_images=frames[1:], duration=50)
    assert enlarge(source, output).exit_code == 0
    assert digest(frames_of(describe_source(output)[0])) == digest(frames_of(describe_source(source)[0]))


@needs_shared
def test_an_animation_can_become_a_film(tmp_path):
    output = tmp_path / "out.mp4"
    report = enlarge(CLIPS / "sprite.gif", output, film_settings(TWICE), TWICE)
    assert report.exit_code == 0, report.items[0].sentence
    film, frames = all_frames(output)
    assert (film.codec, film.format, len(frames)) == ("h264", "yuv420p", 20)
    assert [round(f.ticks * film.time_base * 1000) for f in frames][:4] == [0, 50, 100, 200]


@needs_shared
def test_a_large_gif_is_said_to_be_large(tmp_path):
    settings = replace(film_settings(), scale=1, width=4000)
    work = plan_for(CLIPS / "sprite.gif", tmp_path / "out.gif", settings, SAME).items[0].work
    assert "as GIF; -f webp or -f mp4 is smaller" in work.warnings[-1]


@pytest.mark.parametrize("name", ["yuv420p", "yuv444p10le"])
def test_frames_go_out_as_pictures_and_come_in_again_at_their_times(tmp_path, name):
    source = tmp_path / "in.mkv"
    ticks = [0, 40, 100, 130, 400]
    make_film(source, [planes(i, name, (32, 48)) for i in range(5)], name, codec="ffv1", ticks=ticks)
    pattern = tmp_path / "frames" / "%06d.png"
    assert enlarge(source, pattern, film_settings(TWICE), TWICE).exit_code == 0
    names = sorted(path.name for path in pattern.parent.iterdir())
    assert names == [*(f"{n:06d}.png" for n in range(1, 6)), "frames.json"]
    output = tmp_path / "again.mkv"
    report = enlarge(pattern, output, film_settings(codec="ffv1"))
    assert report.exit_code == 0, report.items[0].sentence
    film, frames = all_frames(output)
    assert (film.width, film.height) == (96, 64)
    assert [round(float(f.ticks * film.time_base) * 1000) for f in frames] == ticks


def test_frames_that_are_there_are_not_written_over(tmp_path, repeater):
    from upscaler.jobs import Request, make_plan

    make_film(tmp_path / "in.mkv", [planes(0, "yuv420p", (32, 48))])
    (tmp_path / "000007.png").write_bytes(b"somebody's")
    request = Request(inputs=(tmp_path / "in.mkv",), output=tmp_path / "%06d.png")
    plan = make_plan(request, Settings(scale=2, model=repeater(2), device="cpu"))
    assert "is not ours: " in (plan.items[0].problem or "")


def test_a_job_of_pictures_and_films_tells_each_about_its_own(tmp_path, repeater):
    """Both use the same engine, whose events belong to what it is at."""
    from PIL import Image

    from upscaler.jobs import Request, make_plan, run

    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        Image.new("RGB", (20, 10), "red").save(folder / name)
    make_film(folder / "b.mkv", [planes(i, "yuv420p", (32, 48)) for i in range(4)])
    plan = make_plan(
        Request(inputs=(folder,), output=tmp_path / "out"), Settings(scale=2, model=repeater(2), device="cpu")
    )
    told = []
    assert run(plan, tell=lambda event: told.append(event)).exit_code == 0
    progress = [(event.item, event.done) for event in told if isinstance(event, events.Progress)]
    assert progress == [(0, 1), (1, 1), (1, 2), (1, 3), (1, 4), (1, 4), (2, 1)]


def test_a_missing_frame_of_a_folder_is_named(tmp_path):
    from PIL import Image

    for number in (1, 2, 4):
        Image.new("RGB", (32, 16)).save(tmp_path / f"{number:06d}.png")
    with pytest.raises(MediaError, match=r"000003\.png is missing"):
        plan_for(tmp_path / "%06d.png", tmp_path / "out.mkv", film_settings(), SAME)


@needs_shared
def test_a_preview_is_one_frame_before_and_after(tmp_path):
    from PIL import Image

    output = tmp_path / "look.png"
    report = enlarge(CLIPS / "film.mkv", output, film_settings(TWICE, preview=2.0), TWICE)
    assert report.exit_code == 0, report.items[0].sentence
    for path, size in ((output, (640, 360)), (tmp_path / "look_before.png", (320, 180))):
        with Image.open(path) as image:
            assert image.size == size
    assert len(list(tmp_path.iterdir())) == 2


@needs_shared
def test_a_preview_beyond_the_end_is_said(tmp_path):
    report = enlarge(CLIPS / "film.mkv", tmp_path / "look.png", film_settings(preview=99.0))
    assert "has ended at 99 s" in report.items[0].sentence


# --- a real network -------------------------------------------------------------------------------------------------


@needs_shared
def test_span_enlarges_a_film_to_what_bicubic_shows_but_sharper(tmp_path):
    """Real weights on a real clip: colours stay where they are, detail is added."""
    import cv2

    from tests.shared import SHARED
    from upscaler.jobs import Request, make_plan, run

    output = tmp_path / "out.mkv"
    settings = Settings(scale=4, model="span", device="cpu", film=FilmSettings(codec="ffv1", duration=0.1))
    request = Request(inputs=(CLIPS / "film.mkv",), output=output, mirror=str(SHARED / "weights"), offline=True)
    assert run(make_plan(request, settings)).exit_code == 0
    old, new = all_frames(CLIPS / "film.mkv")[1], all_frames(output)[1]
    assert len(new) == 3
    for before, after in zip(old, new, strict=False):
        for plane, larger in zip(before.planes, after.planes, strict=True):
            plain = cv2.resize(plane, (larger.shape[1], larger.shape[0]), interpolation=cv2.INTER_CUBIC).astype(float)
            assert abs(larger.mean() - plain.mean()) < 0.5
            assert np.sqrt(np.mean((larger - plain) ** 2)) < 16
        larger, plain = after.planes[0], cv2.resize(before.planes[0], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        assert cv2.Laplacian(larger, cv2.CV_64F).var() > cv2.Laplacian(plain, cv2.CV_64F).var()

"""Damaged, cut and short films; parts of films; deinterlacing."""

import av
import numpy as np
import pytest

from tests.films import CLIPS, digest, make_film, planes
from tests.shared import needs_shared
from upscaler.media.films.film import describe
from upscaler.media.films.formats import planar_twin
from upscaler.media.films.reader import read_frames


@needs_shared
def test_a_damaged_packet_is_concealed_and_counted():
    film = describe(CLIPS / "damaged.mkv")
    frames = list(read_frames(film))
    assert len(frames) == 42
    assert [frame.index for frame in frames if frame.damaged] == [11, 28]


@needs_shared
def test_a_film_that_was_cut_short_gives_what_is_there():
    frames = list(read_frames(describe(CLIPS / "cut_short.mkv")))
    assert len(frames) == 23


@pytest.mark.parametrize("broken", [0, 3, 7])
@pytest.mark.parametrize(
    ("codec", "name", "options"),
    [("ffv1", "yuv420p", {"level": "3", "slicecrc": "1", "g": "1"}), ("mjpeg", "yuvj420p", {})],
)
def test_a_packet_that_cannot_be_decoded_becomes_its_neighbour_at_its_own_time(tmp_path, broken, codec, name, options):
    """The decoder refuses the whole packet: no frame comes out of it."""
    path = tmp_path / "film.mkv"
    originals = [planes(number, planar_twin(name), (48, 64)) for number in range(8)]
    make_film(path, originals, name, codec=codec, options=options)
    sound = list(read_frames(describe(path)))
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        payload = bytes(packets[broken])
    place = content.find(payload)
    content[place : place + len(payload)] = b"\x5a" * len(payload)
    damaged = tmp_path / "damaged.mkv"
    damaged.write_bytes(content)
    frames = list(read_frames(describe(damaged)))
    assert [frame.ticks for frame in frames] == [frame.ticks for frame in sound]
    assert [frame.damaged for frame in frames] == [number == broken for number in range(8)]
    neighbour = broken - 1 if broken else 1
    np.testing.assert_array_equal(frames[broken].planes[0], sound[neighbour].planes[0])


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("codec", ["libx264", "ffv1", "libx265"])
def test_very_short_films_give_all_their_frames(tmp_path, codec, count):
    path = tmp_path / "short.mkv"
    options = {"x265-params": "log-level=error"} if codec == "libx265" else {}
    make_film(path, [planes(i, "yuv420p", (64, 64)) for i in range(count)], codec=codec, options=options)
    assert len(list(read_frames(describe(path)))) == count


@needs_shared
def test_frames_that_are_skipped_change_nothing_of_the_others():
    film = describe(CLIPS / "damaged.mkv")
    whole = list(read_frames(film))
    rest = list(read_frames(film, skip=26))
    assert [frame.index for frame in rest] == list(range(26, 42))
    assert digest(rest) == digest(whole[26:])


@needs_shared
def test_a_part_begins_and_ends_at_the_times_that_were_given():
    film = describe(CLIPS / "film.mkv")
    whole = list(read_frames(film))
    part = list(read_frames(film, start=1.0, duration=0.5))
    assert [frame.ticks for frame in part] == [frame.ticks for frame in whole if 1000 <= frame.ticks < 1500]
    assert digest(part) == digest([frame for frame in whole if 1000 <= frame.ticks < 1500])
    assert [frame.index for frame in part] == list(range(len(part)))


@needs_shared
def test_deinterlacing_keeps_count_and_times_and_removes_combs():
    film = describe(CLIPS / "interlaced.mkv")
    woven, whole = list(read_frames(film)), list(read_frames(film, deinterlace=True))
    assert [frame.ticks for frame in whole] == [frame.ticks for frame in woven]

    def combs(frame):
        rows = frame.planes[0].astype(float)
        return np.abs(rows[1:-1] - (rows[:-2] + rows[2:]) / 2).mean()

    assert np.mean([combs(f) for f in whole]) < 0.7 * np.mean([combs(f) for f in woven])

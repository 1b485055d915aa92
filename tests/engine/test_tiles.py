"""Tiles: every rule that a network may rely on."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from upscaler.engine.tiles import Span, Tile, spans, split, tile_grid, widened
from upscaler.networks.family import Traits
from upscaler.networks.run import out_edge

LENGTH = st.integers(1, 700)
CORE = st.integers(1, 300)
HALO = st.integers(0, 100)
GRID = st.sampled_from([1, 2, 6, 8, 32, 192])
MIN_SIZE = st.sampled_from([1, 15, 29])
SCALE = st.sampled_from([1.0, 1.5, 2.0, 2.7, 3.0, 4.0])
AXIS = (LENGTH, CORE, HALO, GRID, MIN_SIZE)


@given(*AXIS)
def test_every_pixel_belongs_to_exactly_one_core(length: int, core: int, halo: int, grid: int, least: int) -> None:
    covered = [x for s in spans(length, core, halo, grid, least) for x in range(s.start, s.stop)]
    assert covered == list(range(length))


@given(*AXIS)
def test_no_tile_reads_beyond_the_picture(length: int, core: int, halo: int, grid: int, least: int) -> None:
    for span in spans(length, core, halo, grid, least):
        assert 0 <= span.read_start <= span.start < span.stop <= span.read_stop <= length


@given(*AXIS)
def test_a_tile_reads_its_whole_halo_but_for_the_pictures_border(
    length: int, core: int, halo: int, grid: int, least: int
) -> None:
    for span in spans(length, core, halo, grid, least):
        assert span.read_start == 0 or span.start - span.read_start >= halo
        assert span.read_stop == length or span.read_stop - span.stop >= halo


@given(*AXIS)
def test_tiles_begin_on_the_grid(length: int, core: int, halo: int, grid: int, least: int) -> None:
    assert all(span.read_start % grid == 0 for span in spans(length, core, halo, grid, least))


@given(*AXIS)
def test_all_tiles_of_an_axis_read_the_same_length(length: int, core: int, halo: int, grid: int, least: int) -> None:
    assert len({span.read for span in spans(length, core, halo, grid, least)}) == 1


@given(*AXIS)
def test_no_tile_is_shorter_than_the_network_takes(length: int, core: int, halo: int, grid: int, least: int) -> None:
    assert all(span.read >= min(least, length) for span in spans(length, core, halo, grid, least))


@given(LENGTH, CORE, HALO)
def test_a_tile_reads_no_more_than_its_core_and_two_halos(length: int, core: int, halo: int) -> None:
    assert all(span.read <= core + 2 * halo for span in spans(length, core, halo))


@given(LENGTH, CORE, HALO, SCALE)
def test_output_rows_follow_one_another_without_gap(length: int, core: int, halo: int, scale: float) -> None:
    placed = [span.placed(scale) for span in spans(length, core, halo)]
    assert placed[0].start == 0
    assert placed[-1].stop == out_edge(length, scale)
    assert all(a.stop == b.start for a, b in pairwise(placed))


@given(*AXIS, SCALE)
def test_what_is_kept_is_as_long_as_its_place(
    length: int, core: int, halo: int, grid: int, least: int, scale: float
) -> None:
    for span in spans(length, core, halo, grid, least):
        kept, placed = span.kept(scale), span.placed(scale)
        assert kept.stop - kept.start == placed.stop - placed.start
        assert kept.stop <= out_edge(span.read_stop, scale) - out_edge(span.read_start, scale)


def test_a_picture_smaller_than_a_tile_is_one_tile() -> None:
    assert spans(1, 256, 16) == (Span(0, 1, 0, 1),)


@given(LENGTH, LENGTH, CORE, HALO, GRID)
def test_a_grid_covers_a_picture_once(height: int, width: int, core: int, halo: int, grid: int) -> None:
    tiles = tile_grid(height, width, Traits(scale=4, halo=halo, grid=grid), core)
    assert len(list(tiles)) == len(tiles)
    assert height * width == sum((t.rows.stop - t.rows.start) * (t.columns.stop - t.columns.start) for t in tiles)


@given(*AXIS, st.integers(1, 16))
def test_pieces_of_a_tile_cover_it_and_read_nothing_new(
    length: int, core: int, halo: int, grid: int, least: int, floor: int
) -> None:
    traits = Traits(scale=2, halo=halo, grid=grid, min_size=least)
    for span in spans(length, core, halo, grid, least):
        tile = Tile(span, Span(0, 1, 0, 1))
        pieces = [piece.rows for piece in split(tile, traits, floor)]
        if pieces:
            assert [pieces[0].start, pieces[-1].stop] == [span.start, span.stop]
            assert pieces[0].stop == pieces[1].start
        for piece in pieces:
            assert span.read_start <= piece.read_start <= piece.start < piece.stop <= piece.read_stop <= span.read_stop
            assert piece.read_start % grid == 0
            assert piece.read_start == span.read_start or piece.start - piece.read_start >= halo
            assert piece.read_stop == span.read_stop or piece.read_stop - piece.stop >= halo
            assert piece.read >= min(least, span.read)


@given(st.integers(200, 700), st.integers(60, 200), st.integers(1, 16))
def test_blended_tiles_share_twice_the_overlap_with_each_neighbour(length: int, core: int, overlap: int) -> None:
    cut = widened(spans(length, core, 2 + overlap), overlap)
    assert all(a.stop - b.start == 2 * overlap for a, b in pairwise(cut))

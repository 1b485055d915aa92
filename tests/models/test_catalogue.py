from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.rows import row
from upscaler.errors import ModelError
from upscaler.models.catalogue import Catalogue, passes
from upscaler.models.formats import Digests

CATALOGUE = Catalogue(
    (
        row("pebble", 4),
        row("pebble", 2),
        row("pebble", 3),
        row("pebble-light", 4, files=[{"name": "light.pth", "format": "torch-zip", "sha256": "a" * 64}]),
        row("granite-large", 4),
        row("granite-small", 4),
        row("river", "any", scale_range=[1, 30]),
    )
)


@pytest.mark.parametrize("typed", ["pebble", "PEBBLE", "Peb_ble", "peb-ble"])
def test_case_and_dashes_do_not_matter(typed: str) -> None:
    assert CATALOGUE.find(typed, 4).name == "pebble"


def test_the_beginning_of_a_name_is_enough_where_only_one_begins_so() -> None:
    assert CATALOGUE.find("granite-l").name == "granite-large"


def test_a_beginning_of_several_names_lists_them() -> None:
    with pytest.raises(ModelError, match=r"beginning of 2 models \(granite-large, granite-small\)"):
        CATALOGUE.find("granite")


def test_an_unknown_name_gets_the_closest_ones() -> None:
    with pytest.raises(ModelError, match=r"no model 'pebbel'; did you mean pebble"):
        CATALOGUE.find("pebbel")


def test_a_name_like_nothing_points_to_the_list() -> None:
    with pytest.raises(ModelError, match="upscaler models list"):
        CATALOGUE.find("zzzzzz")


def test_an_empty_name_is_no_beginning_of_all() -> None:
    with pytest.raises(ModelError, match="no model ''"):
        CATALOGUE.find("")


def test_without_a_scale_it_is_x4() -> None:
    assert CATALOGUE.find("pebble").scale == 4


def test_a_native_scale_needs_no_word() -> None:
    service = CATALOGUE.serve("pebble", 3)
    assert ([entry.scale for entry in service.passes], service.sentence) == ([3], None)


def test_a_missing_scale_is_served_by_the_next_larger_one_and_said() -> None:
    service = CATALOGUE.serve("pebble-light", 3)
    assert [entry.scale for entry in service.passes] == [4]
    assert service.sentence == "pebble-light has x4 only; x3 is made by running x4 and reducing."


def test_a_scale_beyond_the_largest_takes_two_passes() -> None:
    service = CATALOGUE.serve("pebble", 8)
    assert [entry.scale for entry in service.passes] == [4, 2]
    assert service.sentence == "pebble has x2, x3 and x4; x8 is made by running x4, then x2."


def test_a_model_of_any_scale_has_it() -> None:
    service = CATALOGUE.serve("river", 3.7)
    assert (service.passes[0].name, service.sentence, service.scale) == ("river", None, None)


def test_a_model_of_any_scale_has_limits() -> None:
    with pytest.raises(ModelError, match="every scale from 1 to 30, but not x31"):
        CATALOGUE.find("river", 31)


def test_a_file_is_known_by_its_content() -> None:
    found = CATALOGUE.by_files(Digests("a" * 64, "b" * 40, 1))
    assert found is not None
    assert found.name == "pebble-light"
    assert CATALOGUE.by_files(Digests("0" * 64, "b" * 40, 1)) is None


@given(st.sets(st.integers(2, 4), min_size=1), st.floats(0.1, 200))
def test_passes_reach_the_scale_and_none_is_superfluous(native: set[int], scale: float) -> None:
    steps = passes(tuple(native), scale)
    assert set(steps) <= native
    if scale <= max(native) ** 4:
        assert prod(steps) >= scale
        assert len(steps) == 1 or max(native) ** (len(steps) - 1) < scale

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.rows import row
from upscaler.choice.automatic import automatic, choose
from upscaler.choice.pareto import front
from upscaler.errors import ModelError, WeightsError
from upscaler.models.catalogue import Catalogue, official_catalogue
from upscaler.models.manifest import Entry
from upscaler.models.store import Store


def model(name: str, scale: int = 4, *tags: str, macs: float = 10, quality: float = 32, **more: object) -> Entry:
    return row(
        name,
        scale,
        tags=["photo", *tags],
        cost={"params": int(1000 * macs), "macs_256": int(1e9 * macs)},
        measured=[{"set": "Set5", "metric": "PSNR-Y", "value": quality, "source": "a test"}],
        **more,
    )


POCKET = [model("pocket", s, "latency", "embedded", macs=5, quality=31) for s in (2, 4)]
CATALOGUE = Catalogue(
    (
        *POCKET,
        model("quick", 4, "latency", macs=8, quality=31.7),
        model("brisk", 4, "latency", macs=9, quality=31.9),
        model("slow", 4, "latency", macs=20, quality=32.1),
        model("fine", 4, "quality", macs=60, quality=32.6),
        model("thrifty", 4, "flops", macs=3, quality=32.0),
        model("drawn", 4, "anime", "latency", macs=1, quality=40),
        model("double", 2, "latency", macs=8, quality=37.5, licence={"id": "CC-BY-NC-4.0", "source": "x"}),
    )
)


def chosen(scale: float = 4, without: tuple[str, ...] = (), **how: object) -> str:
    return choose(CATALOGUE, scale, available=lambda e: e.name not in without, **how).entry.name  # type: ignore[arg-type]


def test_auto_takes_the_best_of_the_fastest() -> None:
    assert chosen() == "brisk"


@pytest.mark.parametrize(("prefer", "name"), [("quality", "fine"), ("flops", "thrifty"), ("latency", "brisk")])
def test_what_is_preferred_decides(prefer: str, name: str) -> None:
    assert chosen(prefer=prefer) == name


def test_weights_that_cannot_be_had_are_passed_over() -> None:
    assert chosen(without=("brisk", "quick")) == "slow"


def test_without_any_the_embedded_one_is_taken_and_said() -> None:
    choice = choose(CATALOGUE, 4, available=lambda e: e.name == "pocket")
    assert (choice.entry.name, choice.entry.scale) == ("pocket", 4)
    assert choice.reason == "it comes with the program; no better model's weights can be had"


def test_without_even_that_one_there_is_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"No model for x4 can be had; name one with -m"):
        choose(CATALOGUE, 4, available=lambda e: False)


@pytest.mark.parametrize(("scale", "name"), [(2, "double"), (1.5, "double"), (3, "brisk"), (8, "brisk")])
def test_a_scale_is_served_by_the_next_larger_native_one(scale: float, name: str) -> None:
    assert chosen(scale) == name


def test_an_unclear_licence_is_none_for_commercial_use() -> None:
    assert chosen(2, commercial=True) == "brisk"
    assert chosen(2, without=("brisk", "quick", "slow"), commercial=True) == "pocket"


def test_models_for_drawings_are_never_chosen_unasked() -> None:
    assert chosen(without=("brisk", "quick", "slow", "pocket", "thrifty"), prefer="quality") == "fine"


def test_a_download_that_fails_leaves_what_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(offline=False)
    here = {"pocket": "package", "slow": "cache"}
    monkeypatch.setattr(store, "whereabouts", lambda e: here.get(e.name, "download"))

    def fetch(entry: Entry) -> tuple[()]:
        raise WeightsError("No way out.")

    monkeypatch.setattr(store, "fetch", fetch)
    choice = automatic(CATALOGUE, store, 4)
    assert choice.entry.name == "slow"
    assert choice.reason.endswith("; brisk could not be fetched")


def test_the_official_list_has_an_answer_for_every_scale_and_preference() -> None:
    for scale in (1.5, 2, 3, 4, 6):
        for prefer in ("latency", "quality", "flops", "memory"):
            choice = choose(official_catalogue(), scale, prefer=prefer, available=lambda e: bool(e.files))  # type: ignore[arg-type]
            assert "\n" not in choice.reason


FIGURES = st.lists(st.tuples(st.sampled_from([2, 4]), st.integers(1, 6), st.integers(28, 33)), min_size=1, max_size=12)


@given(FIGURES)
def test_the_front_holds_exactly_what_no_other_beats(figures: list[tuple[int, int, int]]) -> None:
    entries = [model(f"m{i}", s, macs=m, quality=q) for i, (s, m, q) in enumerate(figures)]
    best = front(entries, "macs")
    for i, (scale, macs, quality) in enumerate(figures):
        beaten = any(s == scale and m <= macs and q >= quality and (m, q) != (macs, quality) for s, m, q in figures)
        assert (entries[i] in best) == (not beaten)


def test_a_model_of_unknown_quality_is_not_on_the_front() -> None:
    assert front([row("pebble", cost={"params": 1, "macs_256": 1})], "params") == frozenset()

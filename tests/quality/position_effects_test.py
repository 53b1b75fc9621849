"""A shifted edge, row or column is found; noise is not."""

import numpy as np
import pandas as pd
import pytest

from cellscreen.quality.image_quality import MEASURES
from cellscreen.quality.position_effects import all_effects, is_clear, position_effects

WELLS = [f"{row}{column:02d}" for row in "ABCDEFGH" for column in range(1, 13)]


@pytest.fixture
def values():
    return pd.Series(np.random.default_rng(0).normal(100, 5, 96), index=WELLS)


def _clear(values):
    effects = position_effects(values)
    return effects[is_clear(effects)]["place"].tolist()


def test_noise_has_no_clear_effect(values):
    assert _clear(values) == []


def test_edge(values):
    edge = [well for well in WELLS if well[0] in "AH" or well[1:] in ("01", "12")]
    values[edge] += 25
    effects = position_effects(values).set_index("place")
    assert _clear(values)[0] in ("edge", "row A", "row H", "column 1", "column 12")
    assert effects.loc["edge", "wells"] == 36
    assert effects.loc["edge", "effect"] == pytest.approx(5, abs=1.5)


def test_one_column(values):
    values[[well for well in WELLS if well[1:] == "07"]] -= 30
    assert _clear(values) == ["column 7"]


def test_effect_by_hand():
    values = pd.Series(0.0, index=WELLS)
    values[WELLS] = np.tile([-1.0, 1.0], 48)
    values[WELLS[:12]] = 3.0
    row = position_effects(values).set_index("place").loc["row A"]
    # The rest has the median 0 and a MAD of 1.
    assert (row["median"], row["median_rest"]) == (3, 0)
    assert row["effect"] == pytest.approx(3 / 1.4826)


def test_equal_wells_have_an_undefined_effect():
    effects = position_effects(pd.Series(7.0, index=WELLS))
    assert effects["effect"].isna().all()
    assert not is_clear(effects).any()


def test_dishes_and_few_wells_have_none():
    assert position_effects(pd.Series([1.0, 2], index=["dish-1", "dish-2"])).empty
    assert position_effects(pd.Series([1.0, 2], index=["A01", "A02"])).empty


def test_all_measures_of_all_channels(values):
    index = pd.MultiIndex.from_product([["P"], ["DNA", "ER"], WELLS])
    medians = pd.DataFrame({name: np.tile(values, 2) for name in MEASURES}, index=index)
    effects = all_effects(medians)
    # One edge, eight rows, twelve columns.
    assert len(effects) == 2 * len(MEASURES) * 21
    assert set(effects["channel"]) == {"DNA", "ER"}

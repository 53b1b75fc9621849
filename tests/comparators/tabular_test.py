import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cellscreen.comparators.config import (
    CELL_COUNT,
    INTENSITIES,
    LIGHTGBM,
    POSITION,
    ComparatorConfig,
)
from cellscreen.comparators.tabular import tabular_answers
from cellscreen.errors import ConfigError

CLASSES = ("nontoxic", "toxic")
CONFIG = ComparatorConfig(
    comparators=(LIGHTGBM, INTENSITIES, CELL_COUNT, POSITION), trees=20, crop_encoder="small"
)


def auc(answers):
    return roc_auc_score(answers["label"], answers["p_toxic"])


@pytest.fixture
def found(make_cells, make_manifest):
    cells = make_cells(compounds=24)
    return tabular_answers(cells, make_manifest(cells), CLASSES, CONFIG)


def test_a_feature_that_tells_the_classes_apart_does_so_for_unseen_compounds(found):
    assert auc(found[LIGHTGBM]) == pytest.approx(1, abs=0.01)
    assert auc(found[INTENSITIES]) == pytest.approx(1, abs=0.01)


def test_what_says_nothing_of_the_class_stays_near_chance(found):
    assert found[CELL_COUNT]["p_toxic"].nunique() <= 3  # equal counts: only folds differ
    assert 0.2 < auc(found[POSITION]) < 0.8


def test_every_comparator_answers_the_same_rows(found, make_cells, make_manifest):
    rows = make_manifest(make_cells(compounds=24))
    asked = rows.loc[rows["trained"], ["key", "group", "fold", "label"]].reset_index(drop=True)
    assert set(found) == set(CONFIG.comparators)
    for answers in found.values():
        assert answers[["key", "group", "fold", "label"]].equals(asked)
        shares = answers[["p_nontoxic", "p_toxic"]].to_numpy()
        assert shares.sum(axis=1) == pytest.approx(1)


def test_without_an_effect_nothing_is_found(make_cells, make_manifest):
    cells = make_cells(effect=0, compounds=48)
    answers = tabular_answers(cells, make_manifest(cells), CLASSES, CONFIG)
    assert 0.3 < auc(answers[LIGHTGBM]) < 0.7
    assert 0.3 < auc(answers[INTENSITIES]) < 0.7


def test_a_shift_between_plates_costs_nothing(make_cells, make_manifest):
    near, far = make_cells(compounds=24), make_cells(compounds=24)
    column = "Nuclei_Intensity_MeanIntensity_MMP"
    far.loc[far["Metadata_Plate"] == "P1", column] += 5000
    config = ComparatorConfig(comparators=(INTENSITIES,))
    one, other = (
        tabular_answers(cells, make_manifest(cells), CLASSES, config)[INTENSITIES]
        for cells in (near, far)
    )
    np.testing.assert_allclose(one["p_toxic"], other["p_toxic"], atol=1e-6)


def test_labels_of_held_out_compounds_change_no_answer_for_them(make_cells, make_manifest):
    cells = make_cells(compounds=24)
    rows = make_manifest(cells)
    held_out = (rows["fold"] == 0) & rows["trained"]
    wrong = rows.assign(label=rows["label"].where(~held_out, 1 - rows["label"]))
    config = ComparatorConfig(comparators=(LIGHTGBM, INTENSITIES), trees=20)
    one = tabular_answers(cells, rows, CLASSES, config)
    other = tabular_answers(cells, wrong, CLASSES, config)
    for name in one:
        mine = one[name]["fold"] == 0
        np.testing.assert_array_equal(
            one[name].loc[mine, "p_toxic"], other[name].loc[mine, "p_toxic"]
        )
        assert not np.array_equal(
            one[name].loc[~mine, "p_toxic"], other[name].loc[~mine, "p_toxic"]
        )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"comparators": ("forest",)}, "Expected comparators among lightgbm_features.*got forest"),
        ({"statistics": ()}, "Expected statistics among median, mean; got none"),
        ({"trees": 0}, "Expected trees of 1 or more; got 0"),
        ({"crop_batch": 10}, "multiple of crops_of_bag, 4; got 10"),
    ],
)
def test_what_cannot_work_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        ComparatorConfig(**given)

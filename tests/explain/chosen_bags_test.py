import dataclasses

import numpy as np

from cellscreen.explain.chosen_bags import (
    bag_name,
    clearest_bags,
    clearest_compounds,
    fullest_field,
    shown_scores,
)
from cellscreen.explain.fold_scores import fold_scores


def three_classes(asked):
    keys = asked.manifest["key"]
    predictions = keys.to_frame().assign(fold=0, p_a=0.2, p_b=0.3, p_c=0.5)
    scores = fold_scores(predictions, asked.index.bags, "moa", ("a", "b", "c"), "toy", "well")
    return dataclasses.replace(asked, task="moa", classes=("a", "b", "c"), scores=scores)


def test_of_two_classes_the_positive_ones_score_is_shown(toy_explanation):
    asked = toy_explanation()

    assert shown_scores(asked)["shown"].tolist() == asked.scores["Score_tox_toxic"].tolist()


def test_of_several_classes_a_bags_own_one_is_shown(toy_explanation):
    shown = shown_scores(three_classes(toy_explanation()))

    # Labels are 1 (A, B, D), 0 (C) and unknown (DMSO): two bags fewer.
    assert len(shown) == 16
    assert sorted(set(shown["shown"])) == [0.2, 0.3]
    assert shown.loc[shown["Metadata_pert_iname"] == "C", "shown"].tolist() == [0.2] * 4


def test_the_clearest_bags_are_of_different_compounds(toy_explanation):
    asked = toy_explanation()
    rows = clearest_bags(asked, 4)
    bags = asked.manifest.iloc[rows]

    assert set(bags["Metadata_pert_iname"][:2]) == {"A", "B"}
    assert bags["Metadata_pert_iname"].is_unique
    assert len(rows) == 4
    shown = shown_scores(asked).set_index("key")["shown"][bags["key"]]
    assert shown.is_monotonic_decreasing


def test_bags_without_cells_are_not_drawn(toy_explanation):
    asked = toy_explanation()
    asked = dataclasses.replace(asked, manifest=asked.manifest.assign(cells=[0] * 17 + [8]))

    assert clearest_bags(asked, 4) == [17]


def test_the_clearest_compounds_are_of_treated_wells(toy_explanation):
    asked = toy_explanation()

    assert sorted(clearest_compounds(asked, 9)) == ["A", "B", "C", "D"]
    assert set(clearest_compounds(asked, 3)[:2]) == {"A", "B"}
    scores = asked.scores.drop(columns="Metadata_pert_iname")
    assert clearest_compounds(dataclasses.replace(asked, scores=scores), 3) == []


def test_the_fullest_field_has_most_cells(toy_explanation):
    asked = toy_explanation()
    fields = asked.index.fields.assign(cells=range(18))
    index = dataclasses.replace(asked.index, fields=fields, of_bag=(np.array([3, 5, 4]),))

    assert fullest_field(dataclasses.replace(asked, index=index), 0) == 5


def test_a_bag_is_named_by_well_compound_and_dose(toy_explanation):
    asked = toy_explanation()

    assert bag_name(asked, 2) == "A03 of P1, A 10 µM"
    assert bag_name(asked, 17) == "B06 of P1, DMSO"

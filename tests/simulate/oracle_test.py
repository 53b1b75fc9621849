"""The calibration: what a reader of the true shapes reaches, and a vote on its scores."""

import dataclasses
import itertools

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from cellscreen.errors import DataError
from cellscreen.plates.columns import column_of
from cellscreen.simulate import oracle
from cellscreen.simulate.compounds import PROTECTS, truth_table
from cellscreen.simulate.config import AC16, SCREEN, CultureConfig
from cellscreen.simulate.layout import fields, images_table
from cellscreen.simulate.render import render_field


def plate_table(config):
    table = images_table(fields(config)).rename(columns=column_of)
    return table.assign(Metadata_Plane="", Metadata_Timepoint="")


@pytest.fixture(scope="module")
def cultures():
    config = CultureConfig()
    return plate_table(config), oracle.true_measures(config)


@pytest.fixture(scope="module")
def screen():
    config = CultureConfig(kind=SCREEN)
    return plate_table(config), oracle.true_measures(config)


def test_the_oracle_reaches_what_the_parameters_were_set_for(cultures):
    aucs = oracle.group_aucs(*cultures).set_index(["cell_line", "hours"])["auc"]
    assert 0.75 <= aucs["AC16", 12] <= 0.85
    assert aucs["AC16", 12] < aucs["AC16", 24] < aucs["AC16", 36]
    assert aucs["AC16", 48] >= 0.98
    assert aucs["AC16", 72] >= 0.98
    assert aucs["H9C2", 24] < aucs["H9C2", 36]
    assert min(aucs["H9C2", 36], aucs["H9C2", 48]) >= 0.97


def test_a_group_has_about_100_images_in_each_condition(cultures):
    table = cultures[0]
    group = ["Metadata_cell_line", "Metadata_hours", "Metadata_condition"]
    assert table.groupby(group).size().between(98, 138).all()


def ac16_aucs(hours, **changed):
    lines = (dataclasses.replace(AC16, culture_hours=hours),)
    config = CultureConfig(lines=lines, **changed)
    aucs = oracle.group_aucs(plate_table(config), oracle.true_measures(config))
    return aucs.set_index("hours")["auc"]


def test_another_seed_is_as_hard():
    aucs = ac16_aucs((12, 48), seed=1)
    assert 0.75 <= aucs[12] <= 0.85
    assert aucs[48] >= 0.98


def test_a_higher_difficulty_hides_the_effect():
    assert ac16_aucs((12,), difficulty=4.0)[12] < 0.7


def test_the_number_of_cells_says_nothing_of_the_condition(cultures):
    table, truth = cultures
    hypoxic = table["Metadata_condition"] == "hypoxia"
    for _, group in table.groupby(["Metadata_cell_line", "Metadata_hours"]):
        for name in ("cells", "dead_cells"):
            auc = roc_auc_score(hypoxic[group.index], truth.loc[group.index, name])
            assert 0.38 <= auc <= 0.62


def test_edges_and_brightness_say_far_less_than_the_oracle():
    config = CultureConfig(sites=2)
    chosen = [field for field in fields(config) if (field.cell_line, field.hours) == ("AC16", 48)]
    images = [render_field(config, field) for field in chosen]
    edges = [cv2.Canny(cv2.GaussianBlur(i, (3, 3), 0), 20, 60, L2gradient=True) for i in images]
    hypoxic = [field.condition == "hypoxia" for field in chosen]
    density = [float(np.mean(edge > 0)) for edge in edges]
    assert 0.03 < np.mean(density) < 0.15
    assert roc_auc_score(hypoxic, density) < 0.75
    assert 0.35 < roc_auc_score(hypoxic, [float(image.mean()) for image in images]) < 0.65


def test_a_vote_on_oracle_scores_finds_the_protectors(cultures, screen):
    scores = oracle.oracle_scores(*cultures, *screen)
    kinds = truth_table(CultureConfig(kind=SCREEN)).set_index("pert_iname")["kind"]
    hits = kinds[_voted(scores)]
    assert (hits == PROTECTS).sum() == 8
    assert (hits != PROTECTS).sum() <= 2


def test_oracle_scores_are_a_score_table(cultures, screen):
    scores = oracle.oracle_scores(*cultures, *screen)
    assert list(scores["key"]) == list(screen[1]["key"])
    assert set(scores["model_id"]) == {"oracle (simulated truth)"}
    assert set(scores["level"]) == {"image"}
    assert scores["fold"].isna().all()
    assert scores["Metadata_simulated"].all()
    total = scores["Score_hypoxia_normoxia"] + scores["Score_hypoxia_hypoxia"]
    np.testing.assert_allclose(total, 1)


def test_truth_of_another_simulation_is_refused(cultures, screen):
    with pytest.raises(DataError, match=r"none for 496: screen-1-AC16-p01/.* same simulation"):
        oracle.oracle_scores(*cultures, screen[0], cultures[1])


def test_a_cell_line_without_cultures_is_refused(cultures, screen):
    table = cultures[0]
    ac16 = table[table["Metadata_cell_line"] == "AC16"]
    with pytest.raises(DataError, match="cultures of H9C2 in both conditions"):
        oracle.oracle_scores(ac16, cultures[1], *screen)


def test_a_folder_without_oracle_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"Expected oracle.csv.*cellscreen simulate"):
        oracle.read_oracle(tmp_path)


def _voted(scores):
    """A stand-in of the vote: exact one-sided permutation p per line, the larger one, BH 10 %."""
    well = ["Metadata_cell_line", "Metadata_pert_iname", "Metadata_Plate", "Metadata_Well"]
    wells = scores.groupby(well)[oracle.SCORE].mean()
    p = {}
    for name in sorted(set(scores["Metadata_pert_iname"]) - {"DMSO"}):
        p[name] = max(_p(wells[line, name], wells[line, "DMSO"]) for line in ("AC16", "H9C2"))
    ranked = pd.Series(p).sort_values()
    passed = ranked.to_numpy() <= 0.1 * np.arange(1, len(ranked) + 1) / len(ranked)
    return ranked.index[: np.flatnonzero(passed).max(initial=-1) + 1]


def _p(treated, control):
    pooled = np.concatenate([treated, control])
    sums = [sum(pick) for pick in itertools.combinations(pooled, len(treated))]
    return np.mean(np.array(sums) <= treated.sum() + 1e-12)

import dataclasses

import numpy as np
import pandas as pd
import pycytominer
import pytest
from copairs.map import average_precision

from cellscreen.errors import DataError
from cellscreen.explain.embeddings import (
    bag_profile,
    bag_profiles,
    cell_profiles,
    embedded_bags,
    feature_names,
    profiles_of,
    set_embedding,
    unseen_rows,
)
from cellscreen.explain.fold_net import FoldNet
from cellscreen.explain.spaces import feature_columns

FEATURES = ["Nuclei_MID_0000", "Nuclei_MID_0001"]


def nets(ask, embed):
    """Nets whose embeddings tell them apart: that of fold k is k times as large."""
    made = {fold: FoldNet(lambda crops, k=fold: embed(crops) * (k + 1), ask) for fold in range(3)}
    return made.__getitem__


@pytest.fixture
def asked(toy_explanation):
    toy = toy_explanation()
    net = toy.net(0)
    return dataclasses.replace(toy, net=nets(net.ask, net.embed))


def test_a_set_embedding_is_the_mean_over_drawn_sets():
    def ask(embeddings, mask):
        return {"embedding": embeddings.max(axis=1)}

    net, cells = FoldNet(None, ask), np.array([[1.0], [2.0], [5.0]], np.float32)
    assert set_embedding(net, cells, np.array([[0, 1], [1, 2]])).tolist() == [(2 + 5) / 2]


def test_each_well_is_embedded_by_the_net_of_the_fold_that_held_it_out(asked):
    after, before = bag_profiles(asked)
    assert after["Metadata_key"].tolist() == asked.manifest["key"].tolist()
    assert after["Metadata_fold"].tolist() == asked.manifest["fold"].tolist()
    # DNA is 100 in every crop; the net of fold 1 doubles it.
    expected = 100 / 255 * (asked.manifest["fold"] + 1)
    assert before["Nuclei_MID_0000"].tolist() == pytest.approx(expected.tolist())
    assert after["Nuclei_MID_0000"].tolist() == pytest.approx(expected.tolist())


def test_pooled_is_the_mean_of_cells_and_the_set_leans_to_attended_ones(asked):
    after, before = bag_profiles(asked)
    affected = asked.index.read_crops(2)[..., 1].mean() / 255  # A at 10 µM, fold 0
    assert before.loc[2, "Nuclei_MID_0001"] == pytest.approx(affected, rel=1e-6)
    assert after.loc[2, "Nuclei_MID_0001"] > 1.5 * affected


def test_a_well_has_its_metadata_its_net_and_whether_it_is_simulated(asked):
    after, _ = bag_profiles(asked)
    metadata = [name for name in after if name.startswith("Metadata_")]
    assert after.columns.tolist() == metadata + FEATURES
    assert after[FEATURES].dtypes.unique().tolist() == [np.float32]
    first = after.iloc[0]
    assert first[["Metadata_pert_iname", "Metadata_cells", "Metadata_run"]].tolist() == [
        "A",
        8,
        "toy",
    ]
    assert after["Metadata_simulated"].all()
    assert np.isnan(after["Metadata_concentration_um"].iloc[-1])


def test_a_profile_does_not_hang_on_what_is_embedded_beside_it(asked):
    alone = dataclasses.replace(asked, manifest=asked.manifest.assign(fold=-1), _kept={})
    alone.manifest.loc[5, "fold"] = 1
    (bag,) = embedded_bags(alone)
    whole = bag_profiles(asked)[0]
    pd.testing.assert_frame_equal(bag_profile(alone, bag), whole.iloc[[5]].reset_index(drop=True))


def test_wells_that_no_net_was_trained_on_are_embedded_by_every_net_if_wanted(asked):
    after, _ = bag_profiles(asked, every_net=True)
    controls = after[after["Metadata_control_type"] == "negcon"]
    assert controls[["Metadata_fold", "Metadata_own_fold"]].to_numpy().tolist() == [
        [0, True],
        [1, False],
        [1, True],
        [0, False],
    ]
    expected = 100 / 255 * (controls["Metadata_fold"] + 1)
    assert controls["Nuclei_MID_0000"].tolist() == pytest.approx(expected.tolist())
    assert (after["Metadata_control_type"] == "trt").sum() == 16


def test_profiles_are_made_once_for_all_sections(asked):
    assert profiles_of(asked)[0] is profiles_of(asked)[0]


def test_a_bag_left_out_is_no_unseen_one_where_its_group_was_trained_on():
    manifest = pd.DataFrame({"group": ["a", "a", "b"], "trained": [True, False, False]})
    assert unseen_rows(manifest).tolist() == [False, False, True]


def test_bags_without_cells_and_bags_no_net_held_out_are_left_out_and_told(asked, caplog):
    bags = asked.index.bags.assign(cells=[0, *[8] * 17])
    manifest = asked.manifest.assign(cells=bags["cells"], fold=asked.manifest["fold"])
    manifest.loc[1, "fold"] = -1
    index = dataclasses.replace(asked.index, bags=bags)
    after, _ = bag_profiles(dataclasses.replace(asked, index=index, manifest=manifest))
    assert after["Metadata_key"].tolist() == asked.manifest["key"].tolist()[2:]
    assert "1 bags have no cells and no profile: P1/A01" in caplog.text
    assert "1 bags were held out by no net" in caplog.text


def test_no_bag_at_all_is_an_error(asked):
    manifest = asked.manifest.assign(fold=-1)
    with pytest.raises(DataError, match="Expected held-out bags with cells to embed"):
        bag_profiles(dataclasses.replace(asked, manifest=manifest))


def test_nan_embeddings_name_the_well(asked):
    bad = FoldNet(lambda crops: np.full((len(crops), 2), np.nan, np.float32), asked.net(0).ask)
    with pytest.raises(
        DataError, match=r"Expected finite embeddings; 8 of 8 are NaN.*plate P1, well A01"
    ):
        bag_profiles(dataclasses.replace(asked, net=lambda fold: bad))


def test_cells_carry_field_number_and_attention(asked):
    cells = cell_profiles(asked, 2)
    assert cells["Metadata_key"].tolist() == ["P1/A03/1"] * 8
    assert cells["Metadata_ObjectNumber"].tolist() == list(range(1, 9))
    assert cells["Metadata_attention"].mean() == pytest.approx(1)
    assert cells["Metadata_attention_rank"].idxmax() == 2  # the brightest of three affected
    expected = asked.embed(2)
    np.testing.assert_array_equal(cells[FEATURES].to_numpy(), expected)


def test_pycytominer_and_copairs_take_profiles_as_they_are(asked, tmp_path):
    cells = pd.concat([cell_profiles(asked, row) for row in range(18)], ignore_index=True)
    cells.to_parquet(tmp_path / "cells.parquet")
    table = pd.read_parquet(tmp_path / "cells.parquet")
    strata = ["Metadata_Plate", "Metadata_Well"]
    wells = pycytominer.aggregate(table, strata=strata, features="infer", operation="mean")
    after, before = bag_profiles(asked)
    merged = before.merge(wells, on=strata, suffixes=("", "_theirs"))
    assert len(merged) == 18
    np.testing.assert_allclose(merged["Nuclei_MID_0001_theirs"], merged["Nuclei_MID_0001"], 1e-5)
    fold = after[after["Metadata_fold"] == 0]
    normal = pycytominer.normalize(
        fold, features="infer", samples="Metadata_control_type == 'trt'", method="standardize"
    )
    chosen = pycytominer.feature_select(
        normal, features="infer", operation=["variance_threshold", "drop_na_columns"]
    )
    features = feature_columns(chosen)
    assert features == ["Nuclei_MID_0001"]  # DNA is the same everywhere
    scores = average_precision(
        chosen[["Metadata_pert_iname"]],
        chosen[features].to_numpy(),
        ["Metadata_pert_iname"],
        [],
        [],
        ["Metadata_pert_iname"],
        progress_bar=False,
    )
    assert np.isfinite(scores["average_precision"][scores["n_pos_pairs"] > 0]).all()


def test_names_have_four_digits():
    assert feature_names(1001)[-1] == "Nuclei_MID_1000"

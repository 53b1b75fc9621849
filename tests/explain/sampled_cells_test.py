import dataclasses

import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.fold_net import FoldNet
from cellscreen.explain.sampled_cells import sampled_cells, with_cell_features


@pytest.fixture
def asked(toy_explanation):
    return toy_explanation()


def test_compounds_of_one_net_give_cells_of_each_kind(asked):
    found = sampled_cells(asked, cells=5)
    assert set(found["Metadata_pert_iname"]) == {"A", "C"}  # of fold 0, no controls
    assert set(found["Metadata_fold"]) == {0}
    counts = found.groupby(["Metadata_pert_iname", "Metadata_relevance"]).size()
    # A bag of eight cells has one of the most and one of the least attended; there are four bags.
    assert counts.loc["A"].to_dict() == {"any": 5, "irrelevant": 4, "relevant": 4}


def test_relevant_cells_are_those_the_net_attends_to(asked):
    found = sampled_cells(asked).query("Metadata_pert_iname == 'A'")
    ros = found.groupby("Metadata_relevance")["Nuclei_MID_0001"]
    assert ros.min()["relevant"] > ros.max()["irrelevant"]
    assert found.columns[-1] == "Nuclei_MID_0001"


def test_the_same_seed_draws_the_same_cells(asked):
    pd.testing.assert_frame_equal(sampled_cells(asked, cells=3), sampled_cells(asked, cells=3))
    other = sampled_cells(dataclasses.replace(asked, seed=1), cells=3)
    assert not other.equals(sampled_cells(asked, cells=3))


def test_compounds_and_bags_are_limited(asked):
    found = sampled_cells(asked, compounds=1, bags=2)
    assert found["Metadata_pert_iname"].nunique() == 1
    assert found["Metadata_Well"].nunique() == 2


def test_a_net_that_attends_to_all_alike_has_no_relevant_cells(asked):
    def ask(embeddings, mask):
        found = asked.net(0).ask(embeddings, mask)
        alike = np.full_like(found["attention"], 1 / embeddings.shape[1])
        return found | {"attention": alike, "rollout": alike}

    net = FoldNet(asked.net(0).embed, ask)
    found = sampled_cells(dataclasses.replace(asked, net=lambda fold: net))
    assert set(found["Metadata_relevance"]) == {"any"}


def test_no_compound_gives_no_cell(asked):
    index = dataclasses.replace(asked.index, bags=asked.index.bags.assign(Metadata_pert_iname=""))
    assert sampled_cells(dataclasses.replace(asked, index=index)).empty


def test_the_same_cells_are_found_among_cell_features(asked):
    sample = sampled_cells(asked, cells=3)
    keys = sample[["Metadata_key", "Metadata_ObjectNumber"]].drop_duplicates()
    table = keys.assign(Nuclei_Area=np.arange(len(keys), dtype=float), Metadata_Plate="P1")
    found = with_cell_features(sample, table.iloc[1:])
    assert len(found) < len(sample)
    assert [name for name in found if not name.startswith("Metadata_")] == ["Nuclei_Area"]
    one = found.iloc[0]
    same = (table["Metadata_key"] == one["Metadata_key"]) & (
        table["Metadata_ObjectNumber"] == one["Metadata_ObjectNumber"]
    )
    assert one["Nuclei_Area"] == table.loc[same, "Nuclei_Area"].item()

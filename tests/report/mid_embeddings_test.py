import re

import numpy as np
import pandas as pd
import pytest

from cellscreen.explain import tsne_maps
from cellscreen.explain.embeddings import bag_profiles
from cellscreen.explain.named_profiles import SETS
from cellscreen.report.mid_embeddings import (
    embeddings_section,
    nearest_table,
    replicates_table,
    treatments_table,
)


@pytest.fixture
def quick(monkeypatch):
    """Maps without t-SNE, where the map is not looked at."""
    monkeypatch.setattr(tsne_maps, "_tsne", lambda components, seed: components[:, [0, 0]])


@pytest.fixture(scope="module")
def tables():
    return (
        "profiles.parquet",
        "profiles_pooled.parquet",
        "silhouettes.csv",
        "neighbours.csv",
        "replicate_map.csv",
        "target_map.csv",
    )


def test_the_section_shows_and_writes_everything(toy_explanation, tables):
    asked = toy_explanation()
    other = bag_profiles(asked)[0][["Metadata_Plate", "Metadata_Well"]]
    other = other.assign(f=np.arange(18.0), g=np.arange(18.0) % 5)
    section = embeddings_section(asked, {"Baseline": other})
    assert section.simulated
    for text in (
        "Embeddings of two nets cannot be compared",
        "averaged over 2 nets",
        "MID, set encoder",
        "MID, mean of cells",
        "MID, single cells",
        "Baseline",
        "Filled: cells of the tenth",
        "No target is known",
    ):
        assert text in section.html, text
    assert section.html.count("<svg") == 2
    assert sorted(path.name for path in asked.output.iterdir()) == sorted(tables)
    found = pd.read_csv(asked.output / "replicate_map.csv")
    assert set(found["profiles"]) == {SETS, "MID, mean of cells", "Baseline"}
    assert found["simulated"].all()
    assert pd.read_parquet(asked.output / "profiles.parquet")["Metadata_simulated"].all()


def test_targets_are_told_where_they_are_known(toy_explanation, quick):
    asked = toy_explanation()
    targets = asked.index.bags["Metadata_pert_iname"].map({"A": "X", "C": "X"}).fillna("Y")
    asked.index.bags["Metadata_target"] = targets
    html = embeddings_section(asked).html
    assert "Compounds of one target" in html
    assert "no compound of another target" in html


def test_without_bags_or_compounds_the_section_is_left_out(toy_explanation):
    asked = toy_explanation()
    nobody = toy_explanation(manifest=asked.manifest.assign(fold=-1))
    assert "Expected held-out bags with cells" in embeddings_section(nobody).left_out
    asked = toy_explanation()
    del asked.index.bags["Metadata_pert_iname"]
    assert "name no compounds" in embeddings_section(asked).left_out


def test_the_nearest_compounds_stand_in_one_row_a_compound():
    nearest = pd.DataFrame(
        {
            "Metadata_fold": [0, 0, 1],
            "Metadata_pert_iname": ["a", "a", "b"],
            "rank": pd.array([2, 1, None], "Int64"),
            "neighbour": ["c", "d", None],
            "cosine": [-0.5, 0.25, np.nan],
            "among": [2, 2, 0],
            "reason": ["", "", "no other compound"],
        }
    )
    assert nearest_table(nearest).rows == (
        ("a", "0", "d (0.25), c (−0.50)", "2"),
        ("b", "1", "no other compound", "0"),
    )


def test_undefined_treatments_are_counted_with_their_reasons():
    found = pd.DataFrame(
        {
            "Metadata_treatment": ["a", "b", "c"],
            "n_replicates": [2, 1, 1],
            "map": [0.5, np.nan, np.nan],
            "normalized_map": [0.25, np.nan, np.nan],
            "p": [0.01, np.nan, np.nan],
            "q": [0.01, np.nan, np.nan],
            "reason": ["", "one replicate", "one replicate"],
        }
    )
    table = treatments_table(found)
    assert "Undefined for 2 (2 treatments: one replicate)" in table.caption
    assert [row[0] for row in table.rows] == ["a"]
    assert replicates_table({"MID": found}).rows == (("MID", "3", "1", "0.250", "1"),)


def test_names_from_outside_are_escaped(toy_explanation, quick):
    asked = toy_explanation()
    asked.index.bags["Metadata_pert_iname"] = asked.index.bags["Metadata_pert_iname"].replace(
        "A", "<script>x</script>"
    )
    assert not re.search(r"<script>x", embeddings_section(asked).html)

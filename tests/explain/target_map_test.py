import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.target_map import target_map


def _wells(targets, spread=0.05, seed=0):
    """Two wells of each compound; those of one target point the same way."""
    rng = np.random.default_rng(seed)
    names = sorted({target for text in targets for target in text.split("|")})
    rows = []
    for number, text in enumerate(targets):
        way = sum(np.eye(6)[names.index(target)] for target in text.split("|"))
        for well in range(2):
            values = way + spread * rng.normal(size=6)
            rows.append(
                {
                    "Metadata_Plate": "P",
                    "Metadata_Well": f"{'AB'[well]}{number:02d}",
                    "Metadata_pert_iname": f"compound {number}",
                    "Metadata_target": text,
                    **{f"Nuclei_MID_{i:04d}": value for i, value in enumerate(values)},
                }
            )
    return pd.DataFrame(rows)


def test_compounds_of_one_target_that_look_alike_have_a_perfect_map():
    found = target_map(_wells(["X", "X", "X", "Y", "Y", "Z"]), draws=2000)
    assert found["Metadata_target"].tolist() == ["X", "Y", "Z"]
    assert found["map"].tolist()[:2] == pytest.approx([1, 1])
    assert found["n_compounds"].tolist() == [3, 2, 1]
    assert 1 / 20 - 0.02 < found["p"][0] < 0.15  # 20 ways to choose three of six compounds
    assert found["reason"].tolist() == ["", "", "one compound"]
    assert found.loc[2, ["map", "p", "q"]].isna().all()


def test_targets_without_likeness_are_not_found():
    wells = _wells(["X", "X", "X", "Y", "Y", "Y"], spread=50)
    assert (target_map(wells, draws=500)["p"] > 0.04).all()


def test_a_compound_with_two_targets_counts_for_both():
    found = target_map(_wells(["X", "X|Y", "Y", "Z", "Z"]), "target", draws=200)
    assert found.set_index("Metadata_target")["n_compounds"].to_dict() == {"X": 2, "Y": 2, "Z": 2}
    assert found["map"].notna().all()


def test_a_compound_that_shares_a_target_with_every_other_is_told():
    found = target_map(_wells(["X", "X|Y|Z", "Y", "Z", "Z"]), draws=200)
    assert set(found["reason"]) == {"one of its compounds shares a target with every other"}
    assert found["map"].isna().all()


def test_one_target_only_has_nothing_to_be_told_from():
    found = target_map(_wells(["X", "X", "X"]))
    assert found["reason"].tolist() == ["no compound of another target"]


@pytest.mark.parametrize("column", ["target", "Metadata_moa"])
def test_no_target_known_gives_no_row(column):
    wells = _wells(["X", "X", "Y"]).assign(Metadata_target="")
    found = target_map(wells, column)
    assert not len(found)
    assert {"map", "p", "q", "reason"} <= set(found.columns)


def test_targets_are_compared_inside_a_net_only():
    wells = _wells(["X", "X", "Y", "Y"])
    fold = np.where(wells["Metadata_pert_iname"].isin(["compound 0", "compound 2"]), 0, 1)
    found = target_map(wells.assign(Metadata_fold=fold))
    assert found["Metadata_fold"].tolist() == [0, 0, 1, 1]
    assert set(found["reason"]) == {"one compound"}

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.explain.embeddings import bag_profiles
from cellscreen.explain.named_profiles import (
    CELLS,
    FEATURES_CELLS,
    FEATURES_POOLED,
    POOLED,
    SETS,
    named_profiles,
    pooled_cells,
    read_fold_profiles,
    read_others,
)


def features_of(asked):
    """A table of cell features of all toy cells."""
    rows = []
    for row, bag in asked.index.bags.iterrows():
        for number in range(8):
            rows.append(
                {
                    "Metadata_Plate": bag["Metadata_Plate"],
                    "Metadata_Well": bag["Metadata_Well"],
                    "Metadata_key": f"{bag['key']}/1",
                    "Metadata_ObjectNumber": number + 1,
                    "Nuclei_Area": float(row + number),
                    "Nuclei_Intensity_MeanIntensity_ROS": float(number),
                }
            )
    return pd.DataFrame(rows)


def test_without_cell_features_there_are_mids_own_profiles_only(toy_explanation):
    found = named_profiles(toy_explanation())
    assert list(found.wells) == [POOLED, SETS]
    assert list(found.cells) == [CELLS]
    assert found.notes == []


def test_cell_features_are_of_the_same_wells_and_cells(toy_explanation, tmp_path):
    asked = toy_explanation(data_dir=tmp_path)
    asked.once("cell_features", lambda: features_of(asked))
    found = named_profiles(asked)
    pooled = found.wells[FEATURES_POOLED]
    assert len(pooled) == len(found.wells[SETS]) == 20  # both controls in both spaces
    area = pooled.drop_duplicates("Metadata_Well").set_index("Metadata_Well")["Nuclei_Area"]
    assert area["A03"] == pytest.approx((2 + 3.5) / np.std(np.arange(18)))
    assert not any("ROS" in name for name in pooled)  # the same in every well
    assert {"Metadata_pert_iname", "Metadata_control_type", "Metadata_fold"} <= set(pooled)
    assert len(found.cells[FEATURES_CELLS]) == len(found.cells[CELLS])
    assert found.notes == []


def test_missing_cell_features_are_told(toy_explanation, tmp_path):
    found = named_profiles(toy_explanation(data_dir=tmp_path))
    assert found.notes == ["No cell features: prepare them with `cellscreen build --kind=cells`."]
    assert FEATURES_POOLED not in found.wells


def test_other_profiles_come_along_and_their_gaps_are_told(toy_explanation):
    asked = toy_explanation()
    after, _ = bag_profiles(asked)
    other = after[["Metadata_Plate", "Metadata_Well"]].assign(f=1.0)
    elsewhere = other.assign(Metadata_Plate="P9")
    found = named_profiles(asked, {"DP": other.iloc[:-1], "none": elsewhere})
    assert len(found.wells["DP"]) == 18
    assert found.notes == [
        "DP: 2 of 20 profiles of wells are missing.",
        "none: none of its wells was held out by a net of this run.",
    ]
    assert "none" not in found.wells


def test_cells_are_pooled_by_their_mean_of_defined_values():
    cells = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": ["A01", "A01", "A02"],
            "Metadata_ObjectNumber": [1, 2, 1],
            "f": [1.0, np.nan, 4.0],
        }
    )
    found = pooled_cells(cells)
    assert found["f"].tolist() == [1, 4]
    assert list(found) == ["Metadata_Plate", "Metadata_Well", "f"]


def test_profiles_of_folds_are_read_together(tmp_path):
    for fold in (0, 1):
        table = pd.DataFrame(
            {"Metadata_Plate": "P", "Metadata_Well": ["A01", "A02"], "f": [fold, np.nan]}
        )
        (tmp_path / f"fold_{fold}").mkdir()
        table.to_parquet(tmp_path / f"fold_{fold}" / "profiles.parquet")
    found = read_fold_profiles(tmp_path)
    assert found[["Metadata_fold", "f"]].to_numpy().tolist() == [[0, 0], [1, 1]]
    with pytest.raises(DataError, match="got none"):
        read_fold_profiles(tmp_path / "fold_0")


def test_profiles_are_given_by_name_and_path(tmp_path):
    table = pd.DataFrame({"Metadata_Plate": "P", "Metadata_Well": ["A01"], "f": [1.0]})
    table.to_parquet(tmp_path / "p.parquet")
    (tmp_path / "fold_3").mkdir()
    table.to_parquet(tmp_path / "fold_3" / "profiles.parquet")
    found = read_others([f"CP={tmp_path / 'p.parquet'}", f"DP={tmp_path}"])
    assert found["CP"]["f"].tolist() == [1]
    assert found["DP"]["Metadata_fold"].tolist() == [3]
    with pytest.raises(ConfigError, match=r"Expected profiles as name=path; got 'p\.parquet'"):
        read_others(["p.parquet"])

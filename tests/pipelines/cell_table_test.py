import json
import shutil

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import RecordError
from cellscreen.pipelines.cell_table import feature_names, read_cell_table
from cellscreen.pipelines.records import prepared_plates


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "cells")


@pytest.fixture(scope="module")
def cells(folders):
    return read_cell_table(folders)


def test_a_row_is_a_cell_with_metadata_and_named_features(cells):
    assert len(cells) == 24
    assert cells["Metadata_Plate"].value_counts().to_dict() == {"P1": 12, "P2": 12}
    assert cells["Metadata_ObjectNumber"].tolist()[:4] == [1, 2, 3, 1]
    assert cells["Nuclei_AreaShape_Area"].between(150, 200).all()  # discs of radius 7, blurred
    dna, er = (cells[f"Nuclei_Intensity_MeanIntensity_{name}"] for name in ("DNA", "ER"))
    assert dna.min() > 2500
    assert er.min() > 3000


def test_plates_measured_in_different_ways_are_not_mixed(folders, tmp_path):
    other = shutil.copytree(folders[0], tmp_path / "1.0.0")
    path = other / "metadata.json"
    said = json.loads(path.read_text())
    said["feature_names"][0] = "Nuclei_Other"
    path.write_text(json.dumps(said))
    with pytest.raises(RecordError, match=r"2 differ: \['Nuclei_AreaShape_.*--feature_groups"):
        feature_names([folders[0], other])


def test_pycytominer_and_copairs_take_the_parquet_as_it_is(cells, tmp_path):
    pycytominer = pytest.importorskip("pycytominer")
    copairs = pytest.importorskip("copairs.map")
    cells.to_parquet(tmp_path / "cells.parquet")
    table = pd.read_parquet(tmp_path / "cells.parquet")
    strata = ["Metadata_Plate", "Metadata_Well"]
    wells = pycytominer.aggregate(table, strata=strata, features="infer")
    drug = table.groupby(strata)["Metadata_pert_iname"].first().reset_index()
    wells = drug.merge(wells, on=strata)
    assert len(wells) == 6
    normal = pycytominer.normalize(wells, features="infer", method="standardize")
    chosen = pycytominer.feature_select(normal, features="infer", operation="variance_threshold")
    features = [name for name in chosen if not name.startswith("Metadata_")]
    assert any(name.startswith("Nuclei_Intensity") for name in features)
    clean = chosen.dropna(axis="columns")
    features = [name for name in clean if not name.startswith("Metadata_")]
    meta = clean[[name for name in clean if name.startswith("Metadata_")]]
    scores = copairs.average_precision(
        meta, clean[features].to_numpy(), ["Metadata_pert_iname"], [], [], ["Metadata_pert_iname"]
    )
    assert np.isfinite(scores["average_precision"]).all()

import numpy as np
import pandas as pd
import pytest

from cellscreen.comparators.plate_normalise import normalised, reference_units
from cellscreen.comparators.unit_features import feature_columns, unit_features
from cellscreen.errors import DataError

AREA, PLACE = "Nuclei_AreaShape_Area", "Nuclei_AreaShape_Center_X"


def cells(areas, wells, control="trt", plate="P"):
    rows = [
        {
            "Metadata_Plate": plate,
            "Metadata_Well": well,
            "Metadata_key": f"{plate}/{well}/1",
            "Metadata_control_type": control,
            AREA: float(area),
            PLACE: 7.0,
        }
        for area, well in zip(areas, wells, strict=True)
    ]
    return pd.DataFrame(rows)


def manifest(keys, fold=0, trained=True):
    parts = [key.split("/") for key in keys]
    return pd.DataFrame(
        {
            "key": keys,
            "fold": fold,
            "trained": trained,
            "Metadata_Plate": [part[0] for part in parts],
            "Metadata_Well": [part[1] for part in parts],
        }
    )


def test_cells_become_the_median_and_the_mean_of_their_well():
    table = cells([1, 2, 9, 5], ["A01", "A01", "A01", "A02"])
    units = unit_features(table, manifest(["P/A02", "P/A01", "P/A03"]), ("median", "mean"))
    found = units.of_manifest(units.features)
    assert list(found.columns) == [f"median_{AREA}", f"mean_{AREA}"]
    assert found.to_numpy()[:2].tolist() == [[5, 5], [2, 4]]
    assert found.loc[2].isna().all()
    assert units.cells.tolist() == [3, 1]


def test_where_a_cell_lies_is_no_feature():
    assert feature_columns(cells([1], ["A01"])) == [AREA]


def test_bags_of_fields_get_the_cells_of_their_field():
    table = pd.concat([cells([1, 3], ["A01", "A01"]), cells([8], ["A01"])], ignore_index=True)
    table["Metadata_key"] = ["P/A01/1", "P/A01/1", "P/A01/2"]
    units = unit_features(table, manifest(["P/A01/2", "P/A01/1"]), ("mean",))
    assert units.of_manifest(units.features)[f"mean_{AREA}"].tolist() == [8, 2]


def test_cells_of_other_plates_are_refused():
    with pytest.raises(DataError, match=r"No bag is among the 1 units .* begins with P/A01"):
        unit_features(cells([1], ["A01"]), manifest(["Q/A01"]), ("mean",))


def test_features_are_spreads_from_the_plate_s_own_controls():
    dmso = ["B01", "B02", "B03", "B04", "B05"]
    table = pd.concat(
        [
            *(cells([v + 100 * p for v in range(5)], dmso, "negcon", f"P{p}") for p in (0, 1)),
            *(cells([2 + 1.4826 + 100 * p], ["A01"], "trt", f"P{p}") for p in (0, 1)),
        ],
        ignore_index=True,
    )
    rows = manifest(["P0/A01", "P1/A01"])
    found = normalised(unit_features(table, rows, ("mean",)), rows, fold=0)
    assert found[f"mean_{AREA}"].tolist() == pytest.approx([1, 1])


def test_a_feature_without_spread_among_controls_is_undefined():
    table = pd.concat([cells([3] * 5, ["B01", "B02", "B03", "B04", "B05"], "negcon")])
    rows = manifest(["P/B01"], trained=False)
    found = normalised(unit_features(table, rows, ("mean",)), rows, fold=0)
    assert np.isnan(found.to_numpy()).all()


def test_held_out_controls_that_are_a_class_do_not_set_the_scale(caplog):
    wells = [f"B0{number}" for number in range(1, 7)]
    table = cells(range(6), wells, "negcon")
    rows = manifest([f"P/{well}" for well in wells]).assign(fold=[0, 1, 1, 1, 1, 1])
    units = unit_features(table, rows, ("mean",))
    assert reference_units(units, rows, fold=0).tolist() == [False] + [True] * 5
    assert not caplog.text
    assert reference_units(units, rows, fold=1).all()
    assert "fewer than 4 negative controls outside fold 1" in caplog.text

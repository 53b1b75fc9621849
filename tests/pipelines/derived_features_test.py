import numpy as np
import pandas as pd

from cellscreen.pipelines.derived_features import add_box_sums

BOX = {"Minimum_X": 1.0, "Minimum_Y": 2.0, "Maximum_X": 5.0, "Maximum_Y": 9.0}


def _table(*compartments):
    return pd.DataFrame(
        {f"{c}_AreaShape_BoundingBox{e}": [v, v] for c in compartments for e, v in BOX.items()}
    )


def test_box_sums_are_added_for_every_compartment():
    table = _table("Cells", "Nuclei")
    table.loc[1, "Cells_AreaShape_BoundingBoxMaximum_X"] = np.nan
    found = add_box_sums(table)
    assert [*found.columns[-2:]] == [
        "Cells_AreaShape_BoundingBoxSum",
        "Nuclei_AreaShape_BoundingBoxSum",
    ]
    np.testing.assert_array_equal(found["Cells_AreaShape_BoundingBoxSum"], [17, np.nan])
    np.testing.assert_array_equal(found["Nuclei_AreaShape_BoundingBoxSum"], [17, 17])


def test_a_box_in_part_has_no_sum():
    table = _table("Cells").drop(columns="Cells_AreaShape_BoundingBoxMaximum_Y")
    assert [*add_box_sums(table).columns] == [*table.columns]

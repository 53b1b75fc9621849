import numpy as np
import pandas as pd
import pytest
from scipy.stats import kruskal

from cellscreen.errors import DataError
from cellscreen.explain.plate_response import (
    intensities_of_cells,
    intensities_of_crops,
    response_tests,
    response_wells,
)


def _wells(**series):
    """Two plates, the second 1,000 brighter; each compound at three doses, two wells a plate."""
    rows = []
    for plate, offset in (("P", 0.0), ("Q", 1000.0)):
        for name, values in series.items():
            for dose, value in zip((0.1, 1.0, 10.0), values, strict=True):
                for more in (0.0, 0.1):
                    rows.append(
                        {
                            "Metadata_Plate": plate,
                            "Metadata_Well": f"A{len(rows):02d}",
                            "Metadata_pert_iname": name,
                            "Metadata_concentration_um": dose,
                            "Intensity_ROS": value + more + offset,
                            "n_cells": 5,
                        }
                    )
    return pd.DataFrame(rows)


def test_plates_are_centred_so_that_their_offset_does_not_count():
    wells, on = response_wells(_wells(up=(0.0, 1.0, 5.0), flat=(2.0, 2.0, 2.0)))
    assert on == "plate"
    by_plate = wells.groupby("Metadata_Plate")["Intensity_ROS"]
    assert by_plate.mean().tolist() == pytest.approx([0, 0])
    assert by_plate.get_group("P").tolist() == pytest.approx(by_plate.get_group("Q").tolist())
    assert wells["n_cells"].tolist() == [5] * 24


def test_each_compound_is_tested_over_its_concentrations_by_scipy():
    wells, _ = response_wells(_wells(up=(0.0, 1.0, 5.0), flat=(2.0, 2.0, 2.0)))
    found = response_tests(wells).set_index("Metadata_pert_iname")
    own = wells[wells["Metadata_pert_iname"] == "up"]
    groups = [part["Intensity_ROS"] for _, part in own.groupby("Metadata_concentration_um")]
    expected = kruskal(*groups)
    assert found.loc["up", "statistic"] == pytest.approx(expected.statistic)
    assert found.loc["up", "p"] == pytest.approx(expected.pvalue)
    assert found.loc["up", ["n_wells", "n_concentrations"]].tolist() == [12, 3]
    assert found.loc["up", "highest"] - found.loc["up", "lowest"] == pytest.approx(5)
    assert found.loc["flat", "p"] == pytest.approx(1)


def test_corrections_are_over_all_tests_of_the_table():
    series = {"up": (0.0, 1.0, 5.0), "down": (5.0, 1.0, 0.0), "flat": (2.0, 2.0, 2.0)}
    found = response_tests(response_wells(_wells(**series))[0])
    p = found["p"].to_numpy()
    order = np.argsort(p)
    holm = np.minimum(np.maximum.accumulate(p[order] * [3, 2, 1]), 1)
    bh = np.minimum.accumulate((p[order] * 3 / np.array([1, 2, 3]))[::-1])[::-1]
    np.testing.assert_allclose(found["p_holm"].to_numpy()[order], holm)
    np.testing.assert_allclose(found["p_bh"].to_numpy()[order], np.minimum(bh, 1))


def test_what_cannot_be_tested_says_why_and_takes_no_part_in_corrections():
    wells = _wells(up=(0.0, 1.0, 5.0), one=(0.0, 0.0, 0.0), same=(0.0, 0.0, 0.0))
    one = wells["Metadata_pert_iname"] == "one"
    wells.loc[one, "Metadata_concentration_um"] = 3.0
    wells.loc[wells["Metadata_pert_iname"] == "same", "Intensity_ROS"] = 4.0
    found = response_tests(wells).set_index("Metadata_pert_iname")
    assert found.loc["one", "reason"] == "1 concentration with two wells, two are needed"
    assert found.loc["same", "reason"] == "all wells are alike"
    assert found.loc[["one", "same"], ["p", "p_holm", "p_bh", "statistic"]].isna().all(axis=None)
    assert found.loc["up", "p_holm"] == found.loc["up", "p"]


def test_controls_and_wells_without_a_concentration_are_not_tested():
    wells = _wells(up=(0.0, 1.0, 5.0), DMSO=(0.0, 0.0, 0.0))
    wells["Metadata_control_type"] = np.where(
        wells["Metadata_pert_iname"] == "DMSO", "negcon", "trt"
    )
    wells.loc[0, "Metadata_concentration_um"] = np.nan
    found = response_tests(response_wells(wells, "negcon")[0])
    assert found["Metadata_pert_iname"].tolist() == ["up"]
    assert found["n_wells"].tolist() == [11]


def test_no_concentration_is_an_error():
    with pytest.raises(DataError, match="Expected wells with a concentration"):
        response_tests(_wells(a=(0, 0, 0)).drop(columns="Metadata_concentration_um"))


def test_intensities_of_wells_are_means_over_their_cells():
    cells = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": ["A01", "A01", "A02"],
            "Metadata_pert_iname": ["a", "a", "b"],
            "Metadata_ObjectNumber": [1, 2, 1],
            "Nuclei_Intensity_MeanIntensity_ROS": np.float32([1, 3, 7]),
        }
    )
    found = intensities_of_cells(cells, ["ROS"])
    assert found["Intensity_ROS"].tolist() == [2, 7]
    assert found["n_cells"].tolist() == [2, 1]
    assert found["Metadata_pert_iname"].tolist() == ["a", "b"]
    with pytest.raises(DataError, match=r"mean intensity of channel 'MMP'.*--feature_groups"):
        intensities_of_cells(cells, ["MMP"])


def test_intensities_of_crops_are_in_raw_units(toy_explanation):
    index = toy_explanation().index
    index.fields["high"] = [[255, 2550]] * 18
    index.fields["low"] = [[0, 100]] * 18
    found = intensities_of_crops(index, ["ROS"])
    expected = 100 + index.read_crops(2)[..., 1].mean() / 255 * 2450
    assert found["Intensity_ROS"][2] == pytest.approx(expected)
    assert list(intensities_of_crops(index).filter(like="Intensity_")) == [
        "Intensity_DNA",
        "Intensity_ROS",
    ]
    with pytest.raises(DataError, match=r"channels of the crops \(DNA, ROS\); got 'MMP'"):
        intensities_of_crops(index, ["MMP"])

"""Intensities beside scikit-image's and NumPy's, and by hand."""

import numpy as np
import pytest
from skimage.measure import regionprops_table
from skimage.segmentation import find_boundaries

from cellscreen.cells.feature_config import FeatureConfig
from cellscreen.cells.features import measure_objects

CONFIG = FeatureConfig(groups=("levels", "spread"))
LABELS = np.array([[1, 1, 0, 2], [1, 1, 0, 2], [0, 0, 0, 2]], np.int32)
PLANE = np.array([[1, 2, 50, 7], [3, 10, 50, 7], [50, 50, 50, 7]], np.uint16)


def _measured(labels, plane):
    frame = measure_objects(labels, {"DNA": plane}, config=CONFIG)
    return frame.rename(columns=lambda name: name.removeprefix("Nuclei_Intensity_"))


def _random_field(dtype, seed=0, size=(60, 70)):
    random = np.random.default_rng(seed)
    labels = np.kron(random.integers(0, 12, (12, 14)), np.ones((5, 5), int)).astype(np.int32)
    return labels, (random.random(size) * 250).astype(dtype)


def test_small_objects_by_hand():
    frame = _measured(LABELS, PLANE)
    first, second = frame.to_dict("records")
    assert (first["IntegratedIntensity_DNA"], first["MeanIntensity_DNA"]) == (16, 4)
    assert (first["MinIntensity_DNA"], first["MaxIntensity_DNA"]) == (1, 10)
    assert first["LowerQuartileIntensity_DNA"] == 1.75
    assert first["MedianIntensity_DNA"] == 2.5
    assert first["UpperQuartileIntensity_DNA"] == 4.75
    assert first["MADIntensity_DNA"] == 1  # of 1.5, 0.5, 0.5, 7.5
    # centre (0.5, 0.5); centre of brightness (13/16, 12/16)
    assert first["MassDisplacement_DNA"] == pytest.approx(np.hypot(5 / 16, 4 / 16))
    assert second["StdIntensity_DNA"] == second["MassDisplacement_DNA"] == 0


def test_edges_are_pixels_beside_another_label_but_not_the_images_border():
    labels = np.zeros((5, 5), np.int32)
    labels[:4, :4] = 3
    plane = np.arange(25, dtype=np.uint8).reshape(5, 5)
    row = _measured(labels, plane).iloc[0]
    edge = [3, 8, 13, 15, 16, 17, 18]
    assert row["IntegratedIntensityEdge_DNA"] == sum(edge)
    assert row["MeanIntensityEdge_DNA"] == pytest.approx(np.mean(edge))
    assert (row["MinIntensityEdge_DNA"], row["MaxIntensityEdge_DNA"]) == (3, 18)
    assert row["StdIntensityEdge_DNA"] == pytest.approx(np.std(edge))


def test_box_sum_holds_all_pixels_of_the_box():
    labels = np.array([[1, 0], [2, 1]], np.int32)
    row = _measured(labels, np.array([[1, 2], [4, 8]], np.uint8)).iloc[0]
    assert row["BoundingBoxIntensity_DNA"] == 15


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float64"])
def test_values_equal_scikit_images(dtype):
    labels, plane = _random_field(dtype)
    got = _measured(labels, plane)
    properties = {"min": "Min", "max": "Max", "mean": "Mean", "median": "Median", "std": "Std"}
    names = [f"intensity_{one}" for one in properties]
    expected = regionprops_table(labels, plane, properties=names)
    for theirs, ours in properties.items():
        column = got[f"{ours}Intensity_DNA"]
        if dtype != "float64" and theirs != "std":
            np.testing.assert_array_equal(column, expected[f"intensity_{theirs}"])
        np.testing.assert_allclose(column, expected[f"intensity_{theirs}"], 1e-9)


def test_float32_is_averaged_in_float64():
    labels, plane = _random_field(np.float32)
    got = _measured(labels, plane)
    expected = regionprops_table(labels, plane.astype(float), properties=["intensity_mean"])
    np.testing.assert_allclose(got["MeanIntensity_DNA"], expected["intensity_mean"], 1e-12)


def test_quartiles_and_deviations_equal_numpys():
    labels, plane = _random_field(np.uint8, seed=3)
    got = _measured(labels, plane)
    for row, label in enumerate(got["Metadata_ObjectNumber"]):
        values = plane[labels == label].astype(float)
        quartiles = np.percentile(values, [25, 50, 75])
        names = [f"{name}Intensity_DNA" for name in ("LowerQuartile", "Median", "UpperQuartile")]
        np.testing.assert_allclose(got.loc[row, names].astype(float), quartiles, 1e-12)
        deviation = np.median(np.abs(values - np.median(values)))
        assert got.loc[row, "MADIntensity_DNA"] == deviation


@pytest.mark.parametrize("seed", range(4))
def test_edges_equal_scikit_images_inner_boundaries(seed):
    labels, plane = _random_field(np.float64, seed)
    edge = find_boundaries(labels, connectivity=2, mode="inner")
    got = _measured(labels, plane)
    sums = [plane[edge & (labels == label)].sum() for label in got["Metadata_ObjectNumber"]]
    np.testing.assert_allclose(got["IntegratedIntensityEdge_DNA"], sums, 1e-12)


def test_object_that_fills_the_image_has_no_edge():
    row = _measured(np.ones((3, 3), np.int32), np.ones((3, 3), np.uint8)).iloc[0]
    assert np.isnan(row["MeanIntensityEdge_DNA"])
    assert row["Metadata_Nuclei_UndefinedFeatures"] == 5


def test_dark_object_has_no_centre_of_brightness():
    row = _measured(LABELS, np.zeros((3, 4), np.uint8)).iloc[0]
    assert np.isnan(row["MassDisplacement_DNA"])
    assert row["IntegratedIntensity_DNA"] == 0


def test_sums_of_uint16_do_not_overflow():
    plane = np.full((300, 300), 65535, np.uint16)
    row = _measured(np.ones((300, 300), np.int32), plane).iloc[0]
    assert row["IntegratedIntensity_DNA"] == row["BoundingBoxIntensity_DNA"] == 65535 * 90000

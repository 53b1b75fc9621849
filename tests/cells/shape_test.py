"""Shapes beside scikit-image's, and small ones worked out by hand."""

import itertools

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import regionprops_table

from cellscreen.cells.feature_config import FeatureConfig
from cellscreen.cells.features import measure_objects
from cellscreen.cells.names import shape_name

SHAPE = FeatureConfig(groups=("shape",))
EXACT = {
    "area": "Area",
    "area_convex": "ConvexArea",
    "area_bbox": "BoundingBoxArea",
    "solidity": "Solidity",
    "extent": "Extent",
    "centroid-0": "Center_Y",
    "centroid-1": "Center_X",
    "bbox-0": "BoundingBoxMinimum_Y",
    "bbox-1": "BoundingBoxMinimum_X",
    "bbox-2": "BoundingBoxMaximum_Y",
    "bbox-3": "BoundingBoxMaximum_X",
}
CLOSE = {
    "perimeter": ("Perimeter", 1e-9),
    "eccentricity": ("Eccentricity", 1e-9),
    "axis_major_length": ("MajorAxisLength", 1e-9),
    "axis_minor_length": ("MinorAxisLength", 1e-6),
    "equivalent_diameter_area": ("EquivalentDiameter", 1e-9),
}
PROPERTIES = [*{name.split("-")[0] for name in EXACT}, *CLOSE, "orientation", "label"]
ROUND = 1e-3  # eccentricity below which an orientation is noise


def _shapes(labels, **changes):
    frame = measure_objects(np.asarray(labels), {}, config=SHAPE)
    return frame.rename(columns=lambda name: name.split("AreaShape_")[-1])


def _check(labels):
    """Compares every object of a label image with scikit-image's."""
    expected = regionprops_table(labels, properties=PROPERTIES)
    got = _shapes(labels)
    np.testing.assert_array_equal(got["Metadata_ObjectNumber"], expected["label"])
    for theirs, ours in EXACT.items():
        np.testing.assert_array_equal(got[ours], expected[theirs], err_msg=ours)
    for theirs, (ours, tolerance) in CLOSE.items():
        np.testing.assert_allclose(got[ours], expected[theirs], tolerance, tolerance, err_msg=ours)
    apart = np.radians(got["Orientation"]) - expected["orientation"]
    apart = np.abs((apart + np.pi / 2) % np.pi - np.pi / 2)
    assert (apart[expected["eccentricity"] > ROUND] < 1e-9).all()


def _drawn(seed, size=90):
    """Overlapping ellipses and lines, some cut by the border, some in pieces or with holes."""
    random = np.random.default_rng(seed)
    labels = np.zeros((size, size + 7), np.int32)
    for label in range(1, 25):
        start, end = (tuple(int(v) for v in random.integers(0, size, 2)) for _ in range(2))
        if label % 3 == 0:
            cv2.line(labels, start, end, label, 1)
        else:
            axes = tuple(int(v) for v in random.integers(1, 22, 2))
            cv2.ellipse(labels, start, axes, float(random.uniform(0, 180)), 0, 360, label, -1)
    labels[random.random(labels.shape) < 0.01] = 0
    return labels


@pytest.mark.parametrize("seed", range(8))
def test_drawn_objects_equal_scikit_images(seed):
    _check(_drawn(seed))


def test_all_objects_of_one_to_three_pixels_equal_scikit_images():
    places = list(itertools.product(range(3), range(4)))
    chosen = [one for size in (1, 2, 3) for one in itertools.combinations(places, size)]
    labels = np.zeros((5 * len(chosen), 6), np.int32)
    for number, pixels in enumerate(chosen):
        for y, x in pixels:
            labels[5 * number + y + 1, x + 1] = number + 1
    assert len(chosen) == 298
    _check(labels)


@given(
    st.integers(1, 14),
    st.integers(1, 80),
    st.integers(1, 6),
    st.sampled_from([0.02, 0.3, 1.0]),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None, database=None, derandomize=True)
def test_scattered_pixels_equal_scikit_images(height, width, highest, density, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(1, highest + 1, (height, width)).astype(np.int32)
    labels[random.random(labels.shape) >= density] = 0
    labels[random.integers(height), random.integers(width)] = 1
    _check(labels)


def test_wide_object_crosses_words_of_64_pixels():
    labels = np.zeros((9, 300), np.int32)
    labels[2:7, 3:291] = 4
    labels[4, 60:70] = labels[3, 127:129] = labels[5, 190:194] = 0
    _check(labels)


def test_object_as_large_as_a_large_image():
    labels = np.ones((3000, 3100), np.int32)
    (row,) = _shapes(labels).to_dict("records")
    assert (row["Area"], row["ConvexArea"], row["Perimeter"]) == (9.3e6, 9.3e6, 12196)
    assert (row["Center_Y"], row["Center_X"]) == (1499.5, 1549.5)
    assert row["MajorAxisLength"] == pytest.approx(4 * np.sqrt((3100**2 - 1) / 12), rel=1e-12)
    assert row["MinorAxisLength"] == pytest.approx(4 * np.sqrt((3000**2 - 1) / 12), rel=1e-12)


def test_square_by_hand():
    labels = np.zeros((8, 8), np.int32)
    labels[1:5, 2:6] = 9
    (row,) = _shapes(labels).to_dict("records")
    assert row["Perimeter"] == 12
    assert row["FormFactor"] == pytest.approx(4 * np.pi * 16 / 144)
    assert row["Compactness"] == pytest.approx(144 / (4 * np.pi * 16))
    assert row["AspectRatio"] == 1
    assert row["Metadata_Nuclei_UndefinedFeatures"] == 0


def test_single_pixel_has_no_perimeter_and_no_aspect_ratio():
    (row,) = _shapes([[0, 0, 0], [0, 2, 0], [0, 0, 0]]).to_dict("records")
    assert row["Perimeter"] == 0
    assert row["Metadata_Nuclei_PerimeterIsZero"]
    assert np.isnan([row["FormFactor"], row["Compactness"], row["AspectRatio"]]).all()
    assert row["Metadata_Nuclei_UndefinedFeatures"] == 3


def test_long_axis_gives_orientation_in_degrees():
    upright, lying, slanted = np.eye(3), np.eye(3), np.eye(3)
    upright, lying = upright * 0, lying * 0
    upright[:, 1], lying[1] = 1, 1
    rows = np.concatenate([upright, lying * 2, slanted * 3, slanted[::-1] * 4], axis=1)
    angles = _shapes(rows.astype(np.int32))["Orientation"].abs()
    assert angles.tolist() == [0, 90, 45, 45]
    assert _shapes(rows.astype(np.int32))["Orientation"][2] == 45


def test_line_has_an_aspect_ratio_that_is_undefined():
    row = _shapes(np.eye(5, dtype=np.int32)).iloc[0]
    assert row["MinorAxisLength"] == 0
    assert np.isnan(row["AspectRatio"])


def test_names_are_cellprofilers():
    frame = measure_objects(np.ones((2, 2), np.int32), {}, "Cells", SHAPE)
    assert shape_name("Cells", "Area") == "Cells_AreaShape_Area"
    assert frame["Cells_AreaShape_Area"].tolist() == [4]

"""The table of features: its columns, its flags, and what it refuses."""

import numpy as np
import pytest

from cellscreen.cells.feature_config import PAPER_002_GROUPS, FeatureConfig
from cellscreen.cells.features import measure_objects
from cellscreen.cells.names import paper_002_columns
from cellscreen.errors import ConfigError, ImageError

RANDOM = np.random.default_rng(0)
GRID = RANDOM.permutation(np.arange(20) % 6).reshape(4, 5)
LABELS = np.kron(GRID, np.ones((9, 8), int)).astype(np.int32)
DNA = RANDOM.integers(0, 60000, LABELS.shape).astype(np.uint16)
MITO = RANDOM.random(LABELS.shape).astype(np.float32)
QUICK = FeatureConfig(groups=PAPER_002_GROUPS)


def test_every_feature_has_cellprofilers_name():
    frame = measure_objects(LABELS, {"DNA": DNA, "Mito": MITO})
    expected = {
        "Nuclei_AreaShape_Area",
        "Nuclei_Intensity_MeanIntensity_DNA",
        "Nuclei_Intensity_MADIntensity_Mito",
        "Nuclei_Intensity_IntegratedIntensityEdge_DNA",
        "Nuclei_Texture_Contrast_DNA_3_00_256",
        "Nuclei_Texture_InfoMeas2_Mito_3_03_256",
        "Nuclei_RadialDistribution_FracAtD_DNA_1of4",
        "Nuclei_RadialDistribution_RadialCV_Mito_4of4",
        "Nuclei_Granularity_16_DNA",
        "Nuclei_Neighbors_NumberOfNeighbors_Adjacent",
    }
    assert expected <= set(frame.columns)
    assert len(frame.columns) == 4 + 20 + 5 + 2 * (4 + 12 + 52 + 12 + 16)
    assert frame.columns.is_unique
    assert frame["Metadata_ObjectNumber"].tolist() == [1, 2, 3, 4, 5]


def test_features_are_numbers_and_flags_are_metadata():
    frame = measure_objects(LABELS, {"DNA": DNA}, "Cells")
    metadata = [name for name in frame if name.startswith("Metadata_")]
    assert metadata == [
        "Metadata_ObjectNumber",
        "Metadata_Cells_PerimeterIsZero",
        "Metadata_Cells_TouchesBorder",
        "Metadata_Cells_UndefinedFeatures",
    ]
    features = frame.drop(columns=metadata)
    assert (features.dtypes == np.float64).all()
    assert features.columns.str.startswith("Cells_").all()
    assert frame["Metadata_ObjectNumber"].dtype == np.int64
    assert features.isna().sum(axis=1).tolist() == frame[metadata[-1]].tolist()


def test_paper_002_names_lead_to_columns():
    frame = measure_objects(LABELS, {"RNA": DNA}, config=QUICK)
    columns = paper_002_columns("RNA")
    assert set(columns.values()) <= set(frame.columns)
    assert len(columns) == 19  # 16, the centroid being two and the box four
    row = frame[list(columns.values())].iloc[1]
    y, x = np.nonzero(LABELS == 2)
    assert row[columns["area"]] == len(y)
    assert row[columns["centroid_x"]] == x.mean()
    assert row[columns["mean intensity"]] == DNA[LABELS == 2].mean()
    assert row[[columns[f"bbox-{side}"] for side in range(4)]].tolist() == [
        y.min(),
        x.min(),
        y.max() + 1,
        x.max() + 1,
    ]


def test_empty_field_has_all_columns_and_no_row():
    full = measure_objects(LABELS, {"DNA": DNA, "Mito": MITO})
    empty = measure_objects(np.zeros_like(LABELS), {"DNA": DNA, "Mito": MITO})
    assert len(empty) == 0
    assert empty.columns.tolist() == full.columns.tolist()
    assert (empty.dtypes == full.dtypes).all()


def test_labels_with_gaps_and_above_65535_keep_their_order():
    high = np.array([0, 2**31 - 1, 5, 70000, 65536, 9])
    frame = measure_objects(high[LABELS], {"DNA": DNA}, config=QUICK)
    assert frame["Metadata_ObjectNumber"].tolist() == [5, 9, 65536, 70000, 2**31 - 1]
    plain = measure_objects(LABELS, {"DNA": DNA}, config=QUICK)
    order = [1, 4, 3, 2, 0]
    assert frame.iloc[:, 4:].to_numpy().tolist() == plain.iloc[order, 4:].to_numpy().tolist()


def test_more_objects_than_65535():
    labels = np.arange(1, 70001, dtype=np.int32).reshape(280, 250)
    frame = measure_objects(labels, {}, config=QUICK)
    assert len(frame) == 70000
    assert frame["Metadata_Nuclei_PerimeterIsZero"].all()


@pytest.mark.parametrize("threads", [2, 3, 16])
def test_threads_change_nothing(threads):
    one = measure_objects(LABELS, {"DNA": DNA})
    several = measure_objects(LABELS, {"DNA": DNA}, config=FeatureConfig(threads=threads))
    np.testing.assert_array_equal(several.to_numpy(float), one.to_numpy(float))


@pytest.mark.parametrize("dtype", ["uint16", "int64", "uint32", ">i4"])
def test_integer_labels_of_any_type_are_measured_alike(dtype):
    frame = measure_objects(LABELS.astype(dtype), {"DNA": DNA}, config=QUICK)
    assert frame.equals(measure_objects(LABELS, {"DNA": DNA}, config=QUICK))


def test_views_and_read_only_arrays_are_measured_alike():
    labels, plane = LABELS[::-1, 2:], DNA[::-1, 2:]
    for one in (labels, plane):
        one.flags.writeable = False
    frame = measure_objects(labels, {"DNA": plane}, config=QUICK)
    assert frame.equals(measure_objects(labels.copy(), {"DNA": plane.copy()}, config=QUICK))
    assert LABELS.flags.writeable


def test_border_and_perimeter_are_flagged():
    labels = np.zeros((6, 6), np.int32)
    labels[0, 1], labels[2:5, 2:5] = 1, 2
    frame = measure_objects(labels, {}, config=QUICK)
    assert frame["Metadata_Nuclei_TouchesBorder"].tolist() == [True, False]
    assert frame["Metadata_Nuclei_PerimeterIsZero"].tolist() == [True, False]


def test_limits_change_texture_only():
    limited = FeatureConfig(limits={"DNA": (0, 1000)})
    one, other = (
        measure_objects(LABELS, {"DNA": DNA}, config=c) for c in (FeatureConfig(), limited)
    )
    changed = (one != other) & ~(one.isna() & other.isna())
    names = one.columns[changed.any()]
    assert len(names) > 0
    assert names.str.contains("_Texture_").all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_pixels_that_are_no_numbers_name_the_channel(value):
    plane = MITO.copy()
    plane[3, 4] = value
    with pytest.raises(ImageError, match=r"every pixel of channel Mito; got 1 that are NaN or inf"):
        measure_objects(LABELS, {"DNA": DNA, "Mito": plane})


def test_plane_of_another_size_is_refused():
    with pytest.raises(ImageError, match=r"channel DNA as large as .*\(36, 40\); got \(36, 39\)"):
        measure_objects(LABELS, {"DNA": DNA[:, :-1]})


def test_plane_without_numbers_is_refused():
    with pytest.raises(ImageError, match="Expected numbers in channel DNA; got complex128"):
        measure_objects(LABELS, {"DNA": DNA.astype(complex)})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS > 0, r"label image \(height, width\) of integers; got \(36, 40\) of bool"),
        (LABELS.astype(float), "of integers; got .* of float64"),
        (LABELS[None], r"got \(1, 36, 40\)"),
        (np.zeros((0, 5), np.int32), r"got \(0, 5\)"),
        (LABELS - 1, "labels of 0 to 2147483647; got -1 to 4"),
        (LABELS.astype(np.int64) * 2**31, "labels of 0 to 2147483647; got 0 to"),
    ],
)
def test_what_is_no_label_image_is_refused(labels, message):
    with pytest.raises(ImageError, match=message):
        measure_objects(labels, {})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"groups": ("shape", "colour")}, "Expected groups of shape, .*; got colour"),
        ({"groups": ()}, "got none"),
        ({"grey_levels": 257}, "grey_levels of at least 2 and at most 256; got 257"),
        ({"texture_scales": (3, 0)}, "texture_scales of at least 1; got 0"),
        ({"rings": 0}, "rings of at least 1"),
        ({"threads": 0}, "threads of at least 1"),
        ({"neighbour_distance_px": 0}, "neighbour_distance_px of at least 1"),
        ({"limits": {"DNA": (5, 5)}}, "limits of DNA; got 5 and 5"),
    ],
)
def test_config_that_cannot_work_is_refused(wrong, message):
    with pytest.raises(ConfigError, match=message):
        FeatureConfig(**wrong)

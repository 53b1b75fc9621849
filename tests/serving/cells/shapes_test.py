"""Features in the graph beside those of the package, on objects of every kind."""

import cv2
import numpy as np
import pytest
import tensorflow as tf

from cellscreen.cells.feature_config import FeatureConfig
from cellscreen.cells.features import measure_objects
from cellscreen.cells.intensity import LEVELS
from cellscreen.cells.names import intensity_name, shape_name
from cellscreen.pipelines.derived_features import add_box_sums
from cellscreen.serving.cells.objects import find_objects
from cellscreen.serving.cells.shapes import SHAPES, graph_levels, graph_shapes

CONFIG = FeatureConfig(groups=("shape", "levels"))


def random_labels(seed):
    """Blobs that touch, have holes and pieces, and lie at the border; numbers with gaps."""
    random = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(random.normal(size=(57, 68)), (0, 0), 2)
    _, labels = cv2.connectedComponents((noise > 0.02).astype(np.uint8), connectivity=4)
    labels[random.random(labels.shape) < 0.02] = 0
    labels[labels == 2] = 1
    return (labels * 3).astype(np.int32)


def by_hand(*rows):
    return np.array([[int(digit) for digit in row] for row in rows], np.int32)


FIELDS = {
    **{f"blobs {seed}": random_labels(seed) for seed in range(4)},
    "a pixel, lines, a corner": by_hand("1022220", "0000000", "3000440", "0300400", "0030000"),
    "pieces with a row between": by_hand("11000", "00000", "00011", "22222"),
    "the whole field": np.ones((5, 7), np.int32),
}


@pytest.mark.parametrize("labels", FIELDS.values(), ids=FIELDS)
def test_shapes_and_levels_are_those_of_the_package(labels):
    plane = np.random.default_rng(9).integers(0, 65536, labels.shape).astype(np.uint16)
    table = add_box_sums(measure_objects(labels, {"DNA": plane}, "Cells", CONFIG))
    objects = find_objects(tf.constant(labels))
    assert objects.ids.numpy().tolist() == table["Metadata_ObjectNumber"].tolist()
    found = graph_shapes(objects, SHAPES)
    assert set(found) == set(SHAPES)
    for feature in SHAPES:
        expected = table[shape_name("Cells", feature)]
        np.testing.assert_allclose(found[feature], expected, rtol=1e-9, atol=1e-9, err_msg=feature)
    levels = graph_levels(objects, tf.constant(plane))
    for feature in LEVELS:
        expected = table[intensity_name("Cells", feature, "DNA")]
        np.testing.assert_array_equal(levels[feature], expected, err_msg=feature)


def test_what_is_not_wanted_is_not_worked_out():
    objects = find_objects(tf.constant(FIELDS["blobs 0"]))
    assert {"ConvexArea", "Solidity", "Perimeter"} & set(graph_shapes(objects, {"Area"})) == set()
    assert "Solidity" in graph_shapes(objects, {"Solidity"})


def test_a_field_without_objects_has_no_row():
    objects = find_objects(tf.zeros((6, 4), tf.int32))
    assert objects.boxes.shape == (0, 4)
    assert {shape.shape[0] for shape in graph_shapes(objects, SHAPES).values()} == {0}
    assert graph_levels(objects, tf.ones((6, 4), tf.uint8))["MaxIntensity"].shape == (0,)


def test_objects_are_found_by_hand():
    objects = find_objects(tf.constant([[0, 7, 7], [3, 0, 7]]))
    assert objects.ids.numpy().tolist() == [3, 7]
    assert objects.boxes.numpy().tolist() == [[0, 1, 1, 2], [1, 0, 3, 2]]
    assert objects.image.numpy().tolist() == [[0, 2, 2], [1, 0, 2]]


def test_numbers_below_0_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="object numbers of 0 and more"):
        find_objects(tf.constant([[0, -1]]))

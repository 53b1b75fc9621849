"""Features of the groups `shape` and `levels` in the graph, as `cellscreen.cells` measures them.

Other groups are not measured in the graph: their quartiles, co-occurrences, rings and openings
would be that code once more, in another language.
"""

from __future__ import annotations

import math
from collections.abc import Collection

import tensorflow as tf

from cellscreen.cells.intensity import LEVELS
from cellscreen.cells.shape import SHAPE
from cellscreen.serving.cells.hulls import convex_areas
from cellscreen.serving.cells.objects import GraphObjects, sum_over

BOX_SUM = "BoundingBoxSum"  # of `pipelines.derived_features`
SHAPES = (*SHAPE, BOX_SUM)
_HULL, _OUTLINE = {"ConvexArea", "Solidity"}, {"Perimeter", "FormFactor", "Compactness"}
_ROOT = math.sqrt(2)
# Length of a border pixel by 1 + 2 · border pixels beside it + 10 · diagonally; else 0.
_LENGTHS = {
    **dict.fromkeys((5, 7, 15, 17, 25, 27), 1.0),
    **dict.fromkeys((21, 33), _ROOT),
    **dict.fromkeys((13, 23), (1 + _ROOT) / 2),
}
_SIDES, _CORNERS = ((0, 1), (1, 0), (1, 2), (2, 1)), ((0, 0), (0, 2), (2, 0), (2, 2))
_EXACT = 2.0**62


def graph_shapes(objects: GraphObjects, wanted: Collection[str]) -> dict[str, tf.Tensor]:
    """Shape of each object; see `cellscreen.cells.shape.measure_shape`.

    Args:
        objects: of a label image.
        wanted: of `SHAPES`. Convex areas and perimeters are worked out where they are wanted.

    Returns:
        `(n,)` float64 by name, lengths in px; what is wanted, and perhaps more.

    Example:
        >>> graph_shapes(find_objects(tf.constant([[7, 7, 0]])), {"Area"})["Area"].numpy().tolist()
        [2.0]
    """
    left, top, right, bottom = (
        tf.cast(side, tf.float64) for side in tf.unstack(objects.boxes, axis=1)
    )
    area = sum_over(objects, tf.ones_like(objects.of_pixel, tf.float64))
    box = (bottom - top) * (right - left)
    shapes = {
        "Area": area,
        "BoundingBoxMinimum_X": left,
        "BoundingBoxMinimum_Y": top,
        "BoundingBoxMaximum_X": right,
        "BoundingBoxMaximum_Y": bottom,
        "BoundingBoxArea": box,
        BOX_SUM: left + top + right + bottom,
        "Extent": area / box,
        "EquivalentDiameter": tf.sqrt(4 * area / math.pi),
        **_moments(objects),
    }
    if _HULL & set(wanted):
        shapes["ConvexArea"] = convex_areas(objects)
        shapes["Solidity"] = area / shapes["ConvexArea"]
    if _OUTLINE & set(wanted):
        shapes["Perimeter"] = perimeter = _perimeters(objects)
        shapes["FormFactor"] = 4 * math.pi * area / _or_nan(perimeter) ** 2
        shapes["Compactness"] = _or_nan(perimeter) ** 2 / (4 * math.pi * area)
    return shapes


def graph_levels(objects: GraphObjects, plane: tf.Tensor) -> dict[str, tf.Tensor]:
    """Sum, mean, lowest and highest value; see `cellscreen.cells.intensity.measure_levels`.

    Args:
        objects: of a label image.
        plane: `(height, width)` uint8 or uint16.

    Returns:
        `(n,)` float64 by the names in `LEVELS`.
    """
    values = tf.cast(tf.gather_nd(plane, objects.pixels), tf.int64)
    count, of_pixel = tf.size(objects.ids), objects.of_pixel
    total = sum_over(objects, values)
    area = sum_over(objects, tf.ones_like(values))
    found = (
        total,
        total / area,
        tf.math.unsorted_segment_min(values, of_pixel, count),
        tf.math.unsorted_segment_max(values, of_pixel, count),
    )
    return {name: tf.cast(one, tf.float64) for name, one in zip(LEVELS, found, strict=True)}


def _moments(objects: GraphObjects) -> dict[str, tf.Tensor]:
    """Centre, and axes of the ellipse of the same second moments, from sums of whole numbers."""
    boxes = tf.cast(objects.boxes, tf.int64)
    middles = (boxes[:, 1::-1] + boxes[:, 3:1:-1]) // 2  # y, x
    y, x = tf.unstack(objects.pixels - tf.gather(middles, objects.of_pixel), axis=1)
    sums = sum_over(objects, tf.stack([tf.ones_like(y), y, x, y * y, x * x, x * y], axis=1))
    n, sy, sx, syy, sxx, sxy = tf.unstack(sums, axis=1)
    xx, yy, xy = n * sxx - sx * sx, n * syy - sy * sy, n * sxy - sx * sy
    fxx, fyy, fxy, fn = (tf.cast(one, tf.float64) for one in (xx, yy, xy, n))
    exact = tf.cast(xx * yy - xy * xy, tf.float64)  # 0 of a straight line
    determinant = tf.where(fxx * fyy < _EXACT, exact, fxx * fyy - fxy * fxy)
    larger = ((fxx + fyy) + tf.sqrt((fxx - fyy) ** 2 + 4 * fxy * fxy)) / 2
    share = tf.math.divide_no_nan(tf.maximum(determinant, 0.0), larger)
    smaller = tf.minimum(share, larger)
    major, minor = 4 * tf.sqrt(larger) / fn, 4 * tf.sqrt(smaller) / fn
    even = math.pi / 4 * tf.where(fxy > 0, tf.ones_like(fxy), -1.0)
    turned = tf.where(xx == yy, even, 0.5 * tf.atan2(2 * fxy, fyy - fxx))
    flat = tf.where(larger > 0, 1 - tf.math.divide_no_nan(smaller, larger), 0.0)
    return {
        "Center_X": (tf.cast(middles[:, 1] * n + sx, tf.float64)) / fn,
        "Center_Y": (tf.cast(middles[:, 0] * n + sy, tf.float64)) / fn,
        "MajorAxisLength": major,
        "MinorAxisLength": minor,
        "Eccentricity": tf.sqrt(flat),
        "Orientation": turned * (180 / math.pi),
        "AspectRatio": major / _or_nan(minor),
    }


def _perimeters(objects: GraphObjects) -> tf.Tensor:
    """The length of the line through the border pixels' centres (scikit-image's weights)."""
    image = tf.pad(objects.image, [[1, 1], [1, 1]])
    inner = objects.image
    shape = tf.shape(inner)

    def beside(values: tf.Tensor, step: tuple[int, int]) -> tf.Tensor:
        return values[step[0] : step[0] + shape[0], step[1] : step[1] + shape[1]]

    borders = tf.reduce_any([beside(image, step) != inner for step in _SIDES], axis=0) & (inner > 0)
    own = tf.pad(tf.where(borders, inner, 0), [[1, 1], [1, 1]])
    sides, corners = (
        tf.add_n([tf.cast(beside(own, step) == inner, tf.int32) for step in steps])
        for steps in (_SIDES, _CORNERS)
    )
    table = tf.constant([_LENGTHS.get(code, 0.0) for code in range(50)], tf.float64)
    lengths = tf.where(borders, tf.gather(table, 1 + 2 * sides + 10 * corners), 0.0)
    return sum_over(objects, tf.gather_nd(lengths, objects.pixels))


def _or_nan(values: tf.Tensor) -> tf.Tensor:
    return tf.where(values > 0, values, float("nan"))

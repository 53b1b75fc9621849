import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.training.cells.features import (
    check_names,
    leaky_columns,
    measured_columns,
    net_table,
    refuse_leaky,
)

BOX = [
    f"Cells_AreaShape_BoundingBox{end}"
    for end in ("Minimum_X", "Minimum_Y", "Maximum_X", "Maximum_Y")
]
SUM = "Cells_AreaShape_BoundingBoxSum"
LABELS, FIELDS = np.array([0, 0, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2])


def test_columns_are_matched_by_name_whatever_their_order():
    values = np.array([[1, 2, 3]], np.float32)
    assert net_table(["c", "a"], values, ["a", "b", "c"]).tolist() == [[3, 1]]
    assert net_table(["c", "a"], values, ["c", "b", "a"]).tolist() == [[1, 3]]
    assert net_table([], values, ["a", "b", "c"]).shape == (1, 0)


def test_a_missing_column_is_named():
    with pytest.raises(ConfigError, match=r"the 2 columns that the net takes; missing: d"):
        measured_columns(["a", "d"], ["a", "b"])
    with pytest.raises(ConfigError, match=r"there twice: a"):
        net_table(["a"], np.ones((1, 2), np.float32), ["a", "a"])


def test_the_sum_of_a_box_is_made_of_its_four_numbers():
    assert measured_columns([SUM, "a"], [*BOX, "a", "b"]) == [*BOX, "a"]
    values = np.array([[1, 2, 30, 40, 9]], np.float32)
    assert net_table(["a", SUM], values, [*BOX, "a"]).tolist() == [[9, 73]]
    with pytest.raises(ConfigError, match=f"missing: {SUM}"):
        measured_columns([SUM], BOX[:3])


@pytest.mark.parametrize("name", ["target", "Metadata_Well", "PERT_INAME"])
def test_columns_called_as_metadata_are_refused_unless_allowed(name):
    metadata = ["Metadata_target", "Metadata_Well", "Metadata_pert_iname"]
    with pytest.raises(ConfigError, match=rf"{name} .*may hold the answer.*--leaky_features"):
        check_names(["Cells_AreaShape_Area", name], metadata, allowed=False)
    check_names([name], metadata, allowed=True)
    check_names(["Cells_AreaShape_Area"], metadata, allowed=False)


def test_a_column_with_one_value_an_image_is_told():
    table = np.array([[5, 1.0], [5, 1.1], [7, 2.0], [7, 2.1], [np.nan, 1.0], [8, 1.2]], np.float32)
    found = leaky_columns(table, ["code", "area"], LABELS, FIELDS)
    assert found == {"code": "has one value for all cells of an image"}


def test_constant_columns_are_left_to_who_tells_them():
    assert leaky_columns(np.ones((6, 1)), ["one"], LABELS, FIELDS) == {}


def test_cells_without_a_label_are_not_looked_at():
    table = np.array([[5], [5], [7], [7], [8], [9]], np.float32)
    assert leaky_columns(table, ["code"], np.array([0, 0, 1, 1, -1, -1]), FIELDS)
    assert not leaky_columns(table, ["code"], LABELS, FIELDS)


def test_where_images_have_one_cell_as_many_values_as_classes_are_told():
    fields = np.arange(6)
    table = np.stack([LABELS + 4.0, [1, 2, 3, 4, 5, 6], [1, 2, 1, 2, 1, 2]], axis=1)
    found = leaky_columns(table, ["code", "area", "other"], LABELS, fields)
    assert found == {"code": "has one value for each class"}


def test_leaky_columns_stop_a_training_unless_they_are_allowed():
    found = {"code": "has one value for each class"}
    with pytest.raises(ConfigError, match=r"code has one value for each class: a net would read"):
        refuse_leaky(found, allowed=False)
    (warning,) = refuse_leaky(found, allowed=True)
    assert warning.startswith("Leaky feature allowed by --leaky_features: code has one value")
    assert refuse_leaky({}, allowed=False) == []

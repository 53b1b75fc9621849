import dataclasses
import hashlib

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.pipelines.bag_checks import bag_checksums, check_cells, check_fields
from cellscreen.pipelines.bag_index import BagIndex, index_bags
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bag_memory import KeptBags, keep_in_memory
from cellscreen.pipelines.bags import bag_questions
from cellscreen.pipelines.records import prepared_plates

CROP_BYTES = 16 * 16 * 2


@pytest.fixture(scope="module")
def wells(bag_records):
    return index_bags(prepared_plates(bag_records, "hcs", "bags"), "well")


def test_kept_bags_give_the_same_crops_and_read_each_once(wells, monkeypatch):
    kept, read = keep_in_memory(wells), []
    usual = BagIndex.read_crops
    monkeypatch.setattr(
        BagIndex,
        "read_crops",
        lambda self, bag, at=None: (read.append(bag), usual(self, bag, at))[1],
    )
    for at in (np.array([5, 0, 5]), None):
        np.testing.assert_array_equal(kept.read_crops(2, at), usual(wells, 2, at))
    assert read == [2]


def test_what_is_kept_cannot_be_written_into(wells):
    with pytest.raises(ValueError, match="read-only"):
        keep_in_memory(wells).read_crops(0)[:] = 0


def test_what_is_released_is_read_again(wells):
    kept = keep_in_memory(wells)
    first = kept.read_crops(1)
    kept.release()
    assert kept.kept == {}
    np.testing.assert_array_equal(kept.read_crops(1), first)


def test_crops_that_do_not_fit_are_not_kept(wells):
    most = 24 * CROP_BYTES
    assert isinstance(keep_in_memory(wells, most), KeptBags)
    assert keep_in_memory(wells, most - 1) is wells


def test_some_bags_are_selected_and_numbered_anew(wells):
    some = wells.selected(wells.bags["key"].isin(["P1/B01", "P2/A02"]).to_numpy())
    assert some.bags["key"].tolist() == ["P1/B01", "P2/A02"]
    np.testing.assert_array_equal(some.read_crops(0), wells.read_crops(2))
    np.testing.assert_array_equal(some.read_crops(1), wells.read_crops(4))


def test_a_question_is_the_same_draw_every_time(wells):
    asked = bag_questions(wells, np.array([2, 0]), BagInput(bag_crops=3), seed=1)
    first, again = (
        [(row, inputs["crops"]) for inputs, row in asked.as_numpy_iterator()] for _ in range(2)
    )
    assert [row for row, _ in first] == [2, 0]
    for (row, crops), (_, same) in zip(first, again, strict=True):
        np.testing.assert_array_equal(crops, same)
        whole = wells.read_crops(row) / np.float32(255)
        assert all((crop == whole).all(axis=(1, 2, 3)).any() for crop in crops)


def test_a_checksum_is_of_all_files_of_a_bag(wells):
    sums = bag_checksums(wells)
    assert sums[:3] == sums[3:]  # the two plates have the same images
    assert len(set(sums)) == 3
    row = wells.of_bag[0]
    files = " ".join(" ".join(f.decode() for f in wells.fields["sha256"][r]) for r in row)
    assert sums[0] == hashlib.sha256(files.encode()).hexdigest()


def test_a_field_in_bags_of_two_folds_is_a_leak(wells):
    check_fields(wells, pd.Series([0, 1, 2, 0, 1, 2]))
    with pytest.raises(DataError, match=r"Leak: P1/A02 and P2/A02 .* in the folds 1 and 0"):
        check_fields(wells, pd.Series([0, 1, 2, 0, 0, 2]))


def test_bags_that_all_lack_cells_are_an_error(wells):
    check_cells(wells)
    with pytest.raises(DataError, match=r"Expected bags with cells; all 6 have none"):
        check_cells(dataclasses.replace(wells, bags=wells.bags.assign(cells=0)))

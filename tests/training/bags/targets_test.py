import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.training.bags.config import BagDataConfig
from cellscreen.training.bags.targets import bag_targets

FRAME = pd.DataFrame(
    {
        "key": list("abcd"),
        "Metadata_Plate": "P1",
        "Metadata_Well": ["A01", "A02", "A03", "A04"],
        "Metadata_pert_iname": ["c1", "c2", "c3", "DMSO"],
        "Metadata_concentration_um": [1.0, 10.0, 100.0, 0.0],
        "Metadata_herg": ["no", "yes", "", "no"],
        "Metadata_mito": ["Inactive", "", "Active", ""],
        "Metadata_moa": ["x", "y", "z", "y"],
    }
)


def test_any_number_of_classes():
    found = bag_targets(FRAME, BagDataConfig("d", label_column="moa", classes=("x", "y", "z")))
    assert found.values.tolist() == [0, 1, 2, 1]
    assert found.names == found.classes == ("x", "y", "z")


def test_tasks_keep_what_is_missing_and_are_dealt_by_any_positive():
    wanted = BagDataConfig(
        "d",
        target="tasks",
        tasks=("herg", "mito"),
        label_column="herg,mito",
        classes=("no", "yes", "Inactive", "Active"),
    )
    found = bag_targets(FRAME, wanted)
    assert found.values.tolist() == [[0, 0], [1, -1], [-1, 1], [0, -1]]
    assert found.labels.tolist() == [0, 1, 1, 0]


def test_doses_are_learned_as_logs_and_a_vehicle_has_none():
    found = bag_targets(FRAME, BagDataConfig("d", target="log_dose"))
    np.testing.assert_allclose(found.values[:, 0], [0, 1, 2, np.nan])
    assert found.labels.tolist() == [0, 0, 1, -1]


def test_doses_that_are_all_alike_are_an_error():
    with pytest.raises(DataError, match=r"two doses or more to learn from; got 1 above 0"):
        bag_targets(
            FRAME.assign(Metadata_concentration_um=[1.0, 1.0, 1.0, 0.0]),
            BagDataConfig("d", target="log_dose"),
        )

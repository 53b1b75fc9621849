import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.explain.attention_table import attention_table
from cellscreen.explain.true_cells import join_truth, nearest_pairs, read_true_cells
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates


def write_truth(folder, asked, shift=0.0):
    """The truth of every toy field; its last cell was not found, or is far off."""
    for field in asked.fields.to_dict("records"):
        x, y = field["centres"].T + shift
        truth = pd.DataFrame({"x_px": x, "y_px": y, "affected": field["affected"], "dead": False})
        path = folder / "cell_truth" / "P1" / f"{field['Metadata_Well']}_1.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        truth.iloc[:-1].to_csv(path, index=False)
    return folder


def test_found_cells_take_the_state_of_their_true_partner(toy_explanation, tmp_path):
    asked = toy_explanation()
    found = join_truth(
        attention_table(asked), asked.fields, write_truth(tmp_path, asked, 0.3), most_px=2
    )

    assert len(found) == 18 * 7
    affected = found.groupby("key")["affected"].sum()
    assert affected[affected > 0].to_dict() == dict.fromkeys(
        ["P1/A03", "P1/A04", "P1/A07", "P1/A08"], 3
    )
    assert found["apart_px"].max() == pytest.approx(0.3 * 2**0.5)
    assert not found["dead"].any()


def test_partners_that_are_too_far_apart_are_none(toy_explanation, tmp_path):
    asked = toy_explanation()
    folder = write_truth(tmp_path, asked, 3.0)

    assert join_truth(attention_table(asked), asked.fields, folder, most_px=2).empty


def test_two_found_cells_do_not_share_a_true_one():
    found, true = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[0.9, 0.0]])
    mine, theirs, apart = nearest_pairs(found, true, 5)

    assert (mine.tolist(), theirs.tolist()) == ([1], [0])
    assert apart == pytest.approx([0.1])


def test_no_cells_make_no_pairs():
    assert [len(part) for part in nearest_pairs(np.zeros((0, 2)), np.ones((2, 2)), 5)] == [0] * 3


def test_a_missing_table_names_file_plate_and_well(toy_explanation, tmp_path):
    field = toy_explanation().fields.iloc[0]
    with pytest.raises(DataError, match=r"A01_1\.csv, plate P1, well A01.*--cell_truth"):
        read_true_cells(tmp_path, field)


def test_a_table_of_other_columns_is_refused(toy_explanation, tmp_path):
    path = tmp_path / "cell_truth" / "P1" / "A01_1.csv"
    path.parent.mkdir(parents=True)
    path.write_text("cell,x_px\n1,2\n")
    with pytest.raises(DataError, match="missing: y_px, affected"):
        read_true_cells(tmp_path, toy_explanation().fields.iloc[0])


def test_the_simulators_own_tables_are_read(tmp_path):
    config = HcsConfig(
        compounds=1, doses=1, replicates=1, control_wells=1, poscon_wells=0, size_px=96
    )
    simulate_plates(config, tmp_path, "harmony", workers=1, cell_truth=True)
    truth = pd.read_csv(tmp_path / "truth.csv").iloc[0]
    field = pd.Series(
        {"Metadata_Plate": truth["plate"], "Metadata_Well": truth["well"], "Metadata_Site": "1"}
    )

    assert (~read_true_cells(tmp_path, field)["dead"]).sum() == truth["cells"]

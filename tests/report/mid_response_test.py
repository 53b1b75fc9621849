import numpy as np
import pandas as pd
import pytest

from cellscreen.report.mid_response import (
    chosen_channels,
    response_answer,
    response_section,
)


def test_the_section_tests_draws_and_writes(toy_explanation):
    asked = toy_explanation()
    section = response_section(asked, ["ROS"])
    assert section.simulated
    assert "<svg" in section.html
    assert "the crops, cells and surroundings" in section.html
    found = pd.read_csv(asked.output / "response_tests.csv").set_index("Metadata_pert_iname")
    assert found.index.tolist() == ["A", "B", "C", "D"]
    assert found["simulated"].all()
    assert found.loc["A", "highest"] > found.loc["A", "lowest"] + 50
    assert found.loc["C", "reason"] == "all wells are alike"
    assert len(pd.read_csv(asked.output / "response_wells.csv")) == 18


def test_the_intensities_of_cell_features_come_first(toy_explanation, tmp_path):
    asked = toy_explanation(data_dir=tmp_path)
    bags = asked.index.bags
    cells = bags.filter(like="Metadata_").assign(
        Nuclei_Intensity_MeanIntensity_ROS=np.arange(len(bags), dtype=float)
    )
    asked.once("cell_features", lambda: cells)
    assert "over the cells, by well" in response_section(asked, ["ROS"]).html


@pytest.mark.parametrize("column", ["Metadata_concentration_um", "Metadata_pert_iname"])
def test_without_concentrations_or_compounds_the_section_is_left_out(toy_explanation, column):
    asked = toy_explanation()
    del asked.index.bags[column]
    assert "no compounds at concentrations" in response_section(asked).left_out


def test_unknown_concentrations_leave_it_out(toy_explanation):
    asked = toy_explanation()
    asked.index.bags["Metadata_concentration_um"] = np.nan
    assert response_section(asked).left_out == "no concentration is known."


def test_ros_and_mmp_are_taken_where_both_are_there():
    assert chosen_channels(("DNA", "MMP", "ROS")) == ("ROS", "MMP")
    assert chosen_channels(("DNA", "ROS")) == ("DNA", "ROS")


def test_the_answer_counts_before_and_after_correction():
    tests = pd.DataFrame(
        {"p": [0.01, 0.04, 0.5, np.nan], "p_bh": [0.03, 0.06, 0.5, np.nan], "p_holm": [0.03] * 4}
    )
    assert response_answer(tests) == (
        "Of 3 tests 2 have p < 0.05, where chance alone gives 0.2; 1 after Benjamini-Hochberg and "
        "3 after Holm."
    )
    assert "nothing can be tested" in response_answer(tests.assign(p=np.nan))

import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.replicate_map import repeated, replicate_map, treatment_names


def _plate(effect=3.0, seed=0, plates=("P", "Q"), controls=6):
    """Compound `a` with an effect, `b` without, two wells a plate; `c` in one well."""
    rng, rows = np.random.default_rng(seed), []
    for plate in plates:
        wells = ["DMSO"] * controls + ["a", "a", "b", "b"] + ["c"] * (plate == plates[0])
        for number, name in enumerate(wells):
            values = rng.normal(size=8) + effect * (name == "a") * np.eye(8)[0]
            rows.append(
                {
                    "Metadata_Plate": plate,
                    "Metadata_Well": f"A{number:02d}",
                    "Metadata_pert_iname": name,
                    "Metadata_concentration_um": np.nan if name == "DMSO" else 3.0,
                    "Metadata_control_type": "negcon" if name == "DMSO" else "trt",
                    **{f"Nuclei_MID_{i:04d}": value for i, value in enumerate(values)},
                }
            )
    return pd.DataFrame(rows)


def test_a_strong_effect_is_found_among_controls_and_none_is_not():
    found = replicate_map(_plate(effect=20), draws=2000).set_index("Metadata_treatment")
    assert found.loc["a 3 µM", "map"] == 1
    assert found.loc["a 3 µM", "normalized_map"] == 1
    assert found.loc["a 3 µM", "p"] < 0.01
    assert found.loc["a 3 µM", ["n_replicates", "n_controls"]].tolist() == [4, 12]
    assert found.loc["b 3 µM", "p"] > 0.05
    assert found.loc["b 3 µM", "q"] >= found.loc["b 3 µM", "p"]


def test_one_replicate_is_undefined_and_says_so():
    found = replicate_map(_plate(), draws=100).set_index("Metadata_treatment").loc["c 3 µM"]
    assert found["reason"] == "one replicate"
    assert found[["map", "normalized_map", "p", "q", "p_copairs"]].isna().all()


def test_a_space_without_controls_is_undefined():
    table = _plate()
    found = replicate_map(table[table["Metadata_pert_iname"] != "DMSO"])
    assert found["reason"].str.contains("fewer than two negative controls").all()
    assert found["map"].isna().all()


def test_treatments_are_ranked_among_controls_of_their_own_net_only():
    table = _plate(effect=20)
    folds = np.where(table["Metadata_pert_iname"] == "b", 1, 0)
    found = replicate_map(table.assign(Metadata_fold=folds), draws=500)
    assert found["Metadata_fold"].tolist() == [0, 0, 1]
    assert found["n_controls"].tolist() == [12, 12, 0]


def test_an_undefined_profile_is_named_and_the_others_are_not_lost():
    values = [[4.0, 0], [-4, 0], [4, 4], [4, 5], [0, 0], [-8, -9]]
    table = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": [f"A{number:02d}" for number in range(6)],
            "Metadata_pert_iname": ["DMSO", "DMSO", "a", "a", "b", "b"],
            "Metadata_control_type": ["negcon", "negcon", "trt", "trt", "trt", "trt"],
        }
    ).join(pd.DataFrame(values, columns=["Nuclei_MID_0000", "Nuclei_MID_0001"]))
    found = replicate_map(table, draws=200).set_index("Metadata_treatment")
    assert found.loc["b", "reason"] == "a profile is zero or undefined"
    assert np.isnan(found.loc["b", "map"])
    assert found.loc["a", "map"] == 1


def test_profiles_that_are_all_alike_have_no_map():
    table = _plate()
    table[[name for name in table if name.startswith("Nuclei")]] = 1.0
    found = replicate_map(table)
    assert found["map"].isna().all()
    assert (found["reason"] != "").all()


def test_twice_the_same_is_the_same_whatever_was_asked_before():
    table = _plate()
    first = replicate_map(table, draws=300)
    replicate_map(table[table["Metadata_Plate"] == "P"], draws=300)
    pd.testing.assert_frame_equal(first, replicate_map(table, draws=300))


def test_no_effect_is_called_active_no_more_often_than_it_should():
    found = []
    for seed in range(4):
        names = ["DMSO"] * 6 + [f"c{number}" for number in range(40)] * 2
        values = np.random.default_rng(seed).normal(size=(len(names), 8))
        table = pd.DataFrame(
            {
                "Metadata_Plate": "P",
                "Metadata_Well": [str(number) for number in range(len(names))],
                "Metadata_pert_iname": names,
                "Metadata_control_type": ["negcon" if n == "DMSO" else "trt" for n in names],
            }
        ).join(pd.DataFrame(values).add_prefix("Nuclei_MID_"))
        found.append(replicate_map(table, draws=200)["p"])
    p = pd.concat(found)
    assert p.notna().all()
    assert (p <= 0.3).mean() == pytest.approx(0.3, abs=0.1)


def test_wells_of_all_doses_are_replicates_where_no_dose_has_two():
    table = _plate(effect=20, plates=("P",))
    assert repeated(table) == "treatment"
    dosed = table.index[table["Metadata_pert_iname"] != "DMSO"]
    table.loc[dosed, "Metadata_concentration_um"] = np.arange(len(dosed), dtype=float)
    assert repeated(table) == "compound"
    found = replicate_map(table, "compound", draws=200).set_index("Metadata_treatment")
    assert found.loc[["a", "b", "c"], "n_replicates"].tolist() == [2, 2, 1]
    assert found.loc["a", "map"] == 1


def test_treatments_are_named_by_compound_and_concentration():
    table = pd.DataFrame(
        {
            "Metadata_pert_iname": ["a", "a", "DMSO"],
            "Metadata_concentration_um": [0.04, 10.0, np.nan],
        }
    )
    assert treatment_names(table).tolist() == ["a 0.04 µM", "a 10 µM", "DMSO"]

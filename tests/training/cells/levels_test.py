import pandas as pd
import pytest

from cellscreen.training.cells.levels import voted_levels, with_places

CLASSES = ("a", "b")


@pytest.fixture
def answers():
    manifest = pd.DataFrame(
        {
            "key": list("uvwxyz"),
            "image": ["P/A1/1", "P/A1/1", "P/A1/2", "P/A2/1", "P/A2/1", "P/A2/1"],
            "Metadata_Plate": "P",
            "Metadata_Well": ["A1"] * 3 + ["A2"] * 3,
            "Metadata_Plane": "",
            "Metadata_Timepoint": "",
            "Metadata_pert_iname": ["x"] * 3 + [""] * 3,
        }
    )
    said = pd.DataFrame(
        {
            "key": list("zyxwvu"),
            "fold": [0, 0, 0, 1, 0, 0],
            "label": [1, 1, 1, 0, 0, 0],
            "p_a": [0.4, 0.4, 0.9, 0.8, 0.6, 0.7],
        }
    )
    return with_places(said.assign(p_b=1 - said["p_a"]), manifest)


def _found(answers, level, rule="majority"):
    return [one for one in voted_levels(answers, CLASSES) if (one.level, one.rule) == (level, rule)]


def test_places_are_found_by_key(answers):
    assert answers["image"].tolist()[:3] == ["P/A2/1"] * 3
    assert answers["well"].tolist() == ["P/A2"] * 3 + ["P/A1"] * 3
    assert answers["compound"].tolist() == [""] * 3 + ["x"] * 3


def test_every_level_by_every_rule_once(answers):
    levels = [(one.level, one.rule) for one in voted_levels(answers, CLASSES)]
    voted = ("image", "well", "compound")
    assert levels == [
        ("cell", "none"),
        *((level, rule) for level in voted for rule in ("majority", "mean", "weighted")),
    ]


def test_the_cells_of_an_image_vote(answers):
    (image,) = _found(answers, "image")
    found = image.table.set_index("unit")
    assert found.loc["P/A2/1", ["n_cells", "label", "called"]].tolist() == [3, 1, 1]
    (mean,) = _found(answers, "image", "mean")
    assert mean.table.set_index("unit").loc["P/A2/1", "called"] == 0  # 1.7 of 3 say a
    assert set(image.groups) == {"A1", "A2"}


def test_a_position_is_one_well_of_all_plates_of_a_map():
    plates, maps = ["P", "Q", "R"], ["one", "one", "two"]
    manifest = pd.DataFrame(
        {
            "key": ["a", "b", "c"],
            "image": ["i", "j", "k"],
            "Metadata_Plate": plates,
            "Metadata_Well": "A01",
        }
    )
    answers = manifest[["key"]].assign(fold=0, label=0)
    assert with_places(answers, manifest)["position"].tolist() == ["A01"] * 3
    mapped = manifest.assign(Metadata_plate_map=maps)
    found = with_places(answers, mapped)["position"].tolist()
    assert found == ["one/A01", "one/A01", "two/A01"]


def test_cells_of_two_nets_do_not_vote_together(answers):
    (well,) = _found(answers, "well")
    assert well.table["unit"].tolist() == ["0/P/A2", "1/P/A1", "0/P/A1"]
    assert well.folds.tolist() == [0, 1, 0]


def test_cells_without_a_compound_have_no_part_in_compounds(answers):
    (compound,) = _found(answers, "compound")
    assert compound.table["unit"].tolist() == ["1/x/0", "0/x/0"]
    assert compound.groups.tolist() == ["x", "x"]
    nameless = answers.assign(compound="")
    assert not _found(nameless, "compound")

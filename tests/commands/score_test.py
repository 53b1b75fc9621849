import copy

from cellscreen.commands import score
from cellscreen.serving.openers import OF_CELLS


def asked(*words):
    values = copy.deepcopy(score.FLAGS)
    values(["score", "--model=runs/x", "--output=x.parquet", *words])
    return score.given_to_model(values)


def test_a_model_is_asked_what_was_given_and_no_more():
    assert asked() == {}
    assert asked("--cell_table_match=place", "--cell_table=other.csv") == {
        "cell_table": "other.csv",
        "cell_table_match": "place",
    }


def test_all_that_nets_of_cells_may_be_asked_has_a_flag():
    assert set(OF_CELLS) <= set(score.FLAGS)

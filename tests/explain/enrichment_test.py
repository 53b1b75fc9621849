import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.enrichment import enriched, enrichment_summary, enrichment_table


def test_auc_counts_pairs_and_half_of_equal_ones():
    found = enriched(np.array([3.0, 1, 2, 1]), np.array([True, True, False, False]))

    # Of four pairs: 3>2, 3>1, 1<2, 1=1.
    assert found["auc"] == pytest.approx(2.5 / 4)


def test_enrichment_compares_the_most_attended_tenth_with_all():
    values = np.arange(20.0)
    affected = np.isin(np.arange(20), [19, 0, 1, 2])
    found = enriched(values, affected)

    assert (found["top_share"], found["share"]) == (0.5, 0.2)
    assert found["enrichment"] == pytest.approx(2.5)


def test_cells_of_unknown_attention_do_not_count():
    found = enriched(np.array([np.nan, 2.0, 1.0]), np.array([False, True, False]))

    assert (found["cells"], found["auc"]) == (2, 1.0)


def test_a_bag_of_one_kind_is_undefined():
    assert np.isnan(enriched(np.ones(3), np.zeros(3, bool))["auc"])


def cells():
    bags = {0: ([3.0, 2, 1], [1, 0, 0]), 1: ([1.0, 2, 3], [1, 0, 0]), 2: ([1.0, 1, 1], [0, 0, 0])}
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "row": row,
                    "key": f"P/{row}",
                    "group": f"g{row}",
                    "label": 1,
                    "attention": values,
                    "rollout": 1.0,
                    "affected": np.array(affected, bool),
                }
            )
            for row, (values, affected) in bags.items()
        ]
    )


def test_only_bags_of_both_kinds_are_asked():
    found = enrichment_table(cells())

    assert found["row"].tolist() == [0, 0, 1, 1]
    assert found.loc[found["measure"] == "attention", "auc"].tolist() == [1.0, 0.0]
    assert found.loc[found["measure"] == "rollout", "auc"].tolist() == [0.5, 0.5]


def test_the_summary_tells_bags_called_right_from_wrong_ones():
    found = enrichment_summary(enrichment_table(cells()), pd.Series({0: True, 1: False}), 200)
    attention = found[found["measure"] == "attention"].set_index("bags_of")["auc"]

    assert attention.to_dict() == {
        "all bags": 0.5,
        "bags called right": 1.0,
        "bags called wrong": 0.0,
    }
    assert found["groups"].tolist() == [2, 1, 1, 2, 1, 1]


def test_without_known_classes_only_all_bags_are_summed_up():
    found = enrichment_summary(enrichment_table(cells()), pd.Series(dtype=bool), 200)

    assert found["bags_of"].tolist() == ["all bags", "all bags"]


def test_no_bag_of_both_kinds_gives_an_empty_table():
    assert enrichment_table(cells()[6:]).empty

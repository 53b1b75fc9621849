import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, ScoreError
from cellscreen.screening.config import VoteConfig
from cellscreen.screening.scores import aggregate
from cellscreen.screening.votes import vote

CONTROLS = {"AC16": [0.3, 0.4, 0.5], "H9C2": [0.6, 0.7, 0.8]}
TREATED = {
    "low": {"AC16": [0.1, 0.2], "H9C2": [0.4, 0.5]},  # p 1/10 and 1/10
    "half": {"AC16": [0.1, 0.2], "H9C2": [0.5, 0.75]},  # 1/10 and 3/10
    "high": {"AC16": [0.6, 0.7], "H9C2": [0.4, 0.5]},  # 10/10 and 1/10
    "alone": {"AC16": [0.1, 0.2]},
}


@pytest.fixture
def small(screen):
    return screen(TREATED, CONTROLS)


def test_three_compounds_by_hand(small):
    result = vote(small)
    table = result.table.set_index("pert_iname")
    assert [*table.index] == ["low", "half", "high", "alone"]
    assert table["rank"].tolist()[:3] == [1, 2, 3]
    assert pd.isna(table["rank"].iloc[3])
    assert table["AC16_p"].tolist() == pytest.approx([0.1, 0.1, 1.0, 0.1])
    assert table["H9C2_p"].tolist()[:3] == pytest.approx([0.1, 0.3, 0.1])
    assert table["p"].tolist()[:3] == pytest.approx([0.1, 0.3, 1.0])
    # Benjamini-Hochberg: 0.1 * 3/1, 0.3 * 3/2, 1 * 3/3
    assert table["q"].tolist()[:3] == pytest.approx([0.3, 0.45, 1.0])
    assert table["paper_active"].tolist() == [True, True, False, False]
    assert not table["bh_active"].any()
    verdicts = ["paper rule only", "paper rule only", "inactive", "no vote"]
    assert table["verdict"].tolist() == verdicts
    assert table.loc["half", "H9C2_score"] == pytest.approx(0.625)
    assert table.loc["half", "H9C2_control"] == pytest.approx(0.7)
    assert table.loc["half", "H9C2_difference"] == pytest.approx(-0.075)
    assert table.loc["half", "H9C2_low"] < -0.075 < table.loc["half", "H9C2_high"]
    assert table.loc["half", ["H9C2_n_wells", "H9C2_n_images", "H9C2_n_controls"]].tolist() == [
        2,
        2,
        3,
    ]
    assert result.lines == ("H9C2", "AC16")
    assert not result.simulated


def test_the_rate_decides_what_is_active(small):
    result = vote(small, VoteConfig(fdr=0.31))
    assert result.table["verdict"].tolist()[:2] == ["active", "paper rule only"]
    assert result.table["bh_active"].tolist() == [True, False, False, False]


def test_a_compound_of_one_line_is_listed_without_a_vote(small):
    result = vote(small)
    (row,) = result.not_voted.itertuples(index=False)
    assert tuple(row) == ("alone", 10.0, "no images of H9C2 in hypoxia")
    alone = result.table.iloc[-1]
    assert alone["AC16_score"] == pytest.approx(0.15)
    assert np.isnan(alone["p"])
    assert alone["H9C2_n_wells"] == 0


def test_a_compound_in_normoxia_only_is_listed_too(small, score_table):
    row = {"well": "N", "name": "new", "dose": 5.0, "control_type": "trt", "score": 0.1}
    extra = score_table([row | {"condition": "normoxia"}])
    result = vote(pd.concat([small, extra], ignore_index=True))
    assert result.not_voted["reason"].tolist() == [
        "no images of H9C2 in hypoxia",
        "no images of H9C2 or AC16 in hypoxia",
    ]
    assert any("1 images of compounds do not vote: their" in line for line in result.warnings)


def test_the_unit_is_the_well_never_the_image(small):
    """Ten images of the same wells are no more evidence than one."""
    copies = [small.assign(Metadata_Site=str(n), key=small["key"] + f"-{n}") for n in range(10)]
    once, often = vote(small).table, vote(pd.concat(copies, ignore_index=True)).table
    counts = ["AC16_n_images", "H9C2_n_images"]
    pd.testing.assert_frame_equal(once.drop(columns=counts), often.drop(columns=counts))
    assert (often[counts] == 10 * once[counts]).all(axis=None)


def test_order_of_rows_and_level_do_not_matter(small):
    config = VoteConfig(permutations=100, seed=1)
    expected = vote(small, config).table
    shuffled = small.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(vote(shuffled, config).table, expected)
    pd.testing.assert_frame_equal(vote(aggregate(small), config).table, expected)


def test_each_batch_has_its_own_controls(screen):
    one = screen({"x": {"AC16": [0.1], "H9C2": [0.1]}}, {"AC16": [0.2, 0.3], "H9C2": [0.2, 0.3]})
    two = one.assign(Metadata_batch="b2", key=one["key"] + "-2")
    two["Metadata_Plate"] += "-2"
    two["Score_hypoxia_hypoxia"] += 0.5
    result = vote(pd.concat([one, two], ignore_index=True))
    row = result.table.iloc[0]
    assert row["AC16_p"] == pytest.approx(1 / 9)
    assert row["AC16_score"] == pytest.approx(0.35)
    assert row["AC16_control"] == pytest.approx(0.5)
    assert row["AC16_n_controls"] == 4
    assert result.controls["batch"].tolist() == ["b1", "b2", "b1", "b2"]
    assert result.controls["score"].tolist() == pytest.approx([0.25, 0.75, 0.25, 0.75])


def test_each_concentration_is_a_treatment(small):
    other = small.assign(key=small["key"] + "-5", Metadata_Well=small["Metadata_Well"] + "-5")
    other = other[other["Metadata_pert_iname"] == "low"].assign(Metadata_concentration_um=5.0)
    table = vote(pd.concat([small, other], ignore_index=True)).table
    assert table.query("pert_iname == 'low'")["concentration_um"].tolist() == [5.0, 10.0]
    unstated = vote(small.drop(columns="Metadata_concentration_um")).table
    assert unstated["concentration_um"].isna().all()
    assert unstated["q"].tolist()[:3] == pytest.approx([0.3, 0.45, 1.0])


def test_simulated_rows_are_marked(small):
    result = vote(small.assign(Metadata_simulated=True))
    assert result.simulated
    assert result.table["simulated"].all()


def test_warnings_give_the_figures(small):
    warnings = "\n".join(vote(small).warnings)
    assert "AC16 in batch b1 has 3 control wells, fewer than 24" in warnings
    line = "AC16: 2 images instead of 5 (hypoxia paper, II.D) for alone (10 µM), half (10 µM)"
    assert line in warnings
    assert "no p is below 0.1: of 3 treatments at least 3 must reach it" in warnings
    assert "one well only" not in warnings


def test_enough_wells_and_images_give_no_warning(screen):
    rng = np.random.default_rng(0)
    treated = {"x": {line: rng.random(5) / 9 for line in CONTROLS}}
    result = vote(screen(treated, {line: 0.5 + rng.random(24) / 9 for line in CONTROLS}))
    assert result.warnings == ()
    assert result.table["verdict"].tolist() == ["active"]
    assert result.table["p"].tolist() == pytest.approx([1 / 118755])


def test_single_wells_and_unstated_control_types_are_warned_of(small):
    few = small[~small["Metadata_Well"].isin(["low-2"])].copy()
    few.loc[few["Metadata_Well"] == "high-2", "Metadata_control_type"] = ""
    warnings = "\n".join(vote(few).warnings)
    assert "AC16: one well only for high (10 µM), low (10 µM); no interval" in warnings
    assert "2 images do not vote: no control_type is stated" in warnings


def test_long_lists_of_names_are_cut(screen):
    treated = {f"c{n:02d}": {line: [0.1, 0.2] for line in CONTROLS} for n in range(30)}
    warnings = "\n".join(vote(screen(treated, CONTROLS)).warnings)
    assert "c09 (10 µM) and 20 more." in warnings


def test_equal_scores_are_not_lower(screen):
    """The mean of 3 times 0.7 and of 24 times 0.7 differ in the last digit."""
    treated = {"x": {line: [0.7] * 3 for line in CONTROLS}}
    table = vote(screen(treated, {line: [0.7] * 24 for line in CONTROLS})).table
    assert table["verdict"].tolist() == ["inactive"]
    assert table["p"].tolist() == [1.0]


def test_null_screens_show_what_each_rule_lets_pass(screen):
    """200 batches without any effect, 8 compounds each: the paper's rule passes a quarter."""
    tables = []
    for batch in range(200):
        rng = np.random.default_rng(batch)
        treated = {f"{batch}-{n}": {ln: rng.beta(4, 2, 3) for ln in CONTROLS} for n in range(8)}
        controls = {line: rng.beta(4, 2, 12) for line in CONTROLS}
        rows = screen(treated, controls, batch=f"b{batch}")
        rows["Metadata_Plate"] += f"-{batch}"
        tables.append(rows.assign(key=rows["key"] + f"-{batch}"))
    table = vote(pd.concat(tables, ignore_index=True)).table
    assert 0.21 < table["paper_active"].mean() < 0.29
    for column in ("AC16_p", "H9C2_p"):
        assert 0.07 < (table[column] <= 0.1).mean() <= 0.12
    assert (table["p"] <= 0.1).mean() < 0.03
    assert not (table["verdict"] == "active").any()


def _where(line="AC16", control=True):
    kind = "negcon" if control else "trt"
    return lambda t: (t["Metadata_cell_line"] == line) & (t["Metadata_control_type"] == kind)


def _set(where, column, value):
    def change(table):
        table = table.copy()
        table.loc[where(table), column] = value
        return table

    return change


def _drop(where, keep=0):
    return lambda table: table.drop(index=table.index[where(table)][keep:])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_drop(_where()), "vehicle wells of AC16 in batch b1 .* got 0; two .*Score the control"),
        (_drop(_where("H9C2"), keep=1), "vehicle wells of H9C2 in batch b1 .* got 1; two"),
        (
            _set(_where(control=False), "Metadata_batch", "b9"),
            "vehicle wells of AC16 in batch b9 .* got 0",
        ),
        (
            lambda t: t[t["Metadata_cell_line"] == "AC16"],
            "two cell lines, got AC16.*both experts",
        ),
        (
            _set(_where(control=False), "model_id", "other"),
            "one expert for AC16, got expert-AC16, other",
        ),
        (
            _set(lambda t: t.index == 0, "Metadata_hours", 12.0),
            "one time in the chamber for AC16 in batch b1, got 12, 48 hours",
        ),
        (
            _set(lambda t: t["Metadata_Well"] == "low-2", "Metadata_concentration_um", np.nan),
            r"concentration_um for every .* NaN for low and 1 more\. \[plate AC16, well low-2\]",
        ),
        (
            _set(lambda t: t["Metadata_Well"] == "low-2", "Metadata_pert_iname", None),
            r"Expected pert_iname for every well.*'AC16/AC16/low-2/1' and 1 more\. \[plate AC16",
        ),
        (
            _set(lambda t: t["Metadata_Well"] == "low-2", "Metadata_batch", ""),
            "Expected batch for every well",
        ),
        (lambda t: t.drop(columns="Metadata_batch"), "missing: Metadata_batch.*images.csv"),
        (lambda t: t.assign(Metadata_condition="normoxia"), "wells in hypoxia .* got none"),
        (lambda t: t[t["Metadata_control_type"] == "negcon"], "wells of compounds .*controls only"),
        (
            _set(_where("H9C2", control=False), "Metadata_pert_iname", "else"),
            "images of H9C2 and AC16 at one concentration, got none.*written alike",
        ),
        (lambda t: aggregate(t, "treatment"), "got treatments: their wells are lost"),
    ],
)
def test_what_cannot_be_voted_on_is_named(small, change, message):
    with pytest.raises(ScoreError, match=message):
        vote(change(small))


def test_an_unknown_score_is_named(small):
    with pytest.raises(ScoreError, match="missing: Score_hypoxia_hypoxic"):
        vote(small, VoteConfig(positive="hypoxic"))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("fdr", 0.0, "fdr between 0 and 1, got 0.0"),
        ("seed", -1, "seed of 0 or more, got -1"),
        ("permutations", 9, "permutations of at least 100, got 9"),
        ("bootstraps", 9, "bootstraps of at least 100, got 9"),
    ],
)
def test_config_is_checked(field, value, message):
    with pytest.raises(ConfigError, match=message):
        VoteConfig(**{field: value})

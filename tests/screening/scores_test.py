import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening import scores as module

SCORE = module.score_column("hypoxia", "hypoxia")


@pytest.fixture
def images(score_table):
    return score_table(
        [
            {"well": "A01", "site": "1", "score": 0.2, "fold": 0},
            {"well": "A01", "site": "2", "score": 0.4, "fold": 0},
            {"well": "A02", "site": "1", "score": 0.9, "fold": 1},
            {"well": "A03", "score": 0.5, "name": "x", "dose": 10.0, "control_type": "trt"},
        ]
    )


def test_score_columns_are_without_their_sd():
    table = pd.DataFrame(columns=["key", "Score_t_a", "Score_t_a_sd", "Score_t_sd"])
    assert module.score_columns(table) == ["Score_t_a", "Score_t_sd"]


def test_a_table_comes_back_as_it_was_with_metadata_first(images, tmp_path):
    module.write_scores(images.sample(frac=1, random_state=0), tmp_path / "new" / "s.parquet")
    back = module.read_scores(tmp_path / "new" / "s.parquet")
    expected = images.set_index("key").loc[back["key"]].reset_index()[back.columns]
    pd.testing.assert_frame_equal(back, expected)
    n_metadata = sum(column.startswith("Metadata_") for column in back)
    assert all(column.startswith("Metadata_") for column in back.columns[:n_metadata])
    assert [*back.columns[n_metadata:]] == [*module.FIXED_COLUMNS, SCORE, f"{SCORE}_sd"]
    assert back["fold"].dtype == "Int64"
    assert np.isfinite(back[module.score_columns(back)].to_numpy()).all()


def test_wells_are_means_of_their_images(images):
    wells = module.aggregate(images).set_index("key")
    assert [*wells.index] == ["p/A01", "p/A02", "p/A03"]
    assert wells[SCORE].tolist() == pytest.approx([0.3, 0.9, 0.5])
    assert wells[f"{SCORE}_sd"].iloc[0] == pytest.approx(np.sqrt(0.02))
    assert wells[f"{SCORE}_sd"].iloc[1:].isna().all()
    assert wells["n_images"].tolist() == [2, 1, 1]
    assert wells["fold"].tolist()[:2] == [0, 1]
    assert wells["fold"].isna().tolist() == [False, False, True]
    assert set(wells["level"]) == {"well"}
    assert "Metadata_Site" not in wells
    assert wells["Metadata_pert_iname"].tolist() == ["DMSO", "DMSO", "x"]


def test_treatments_keep_vehicles_of_both_conditions_apart(images):
    images.loc[2, "Metadata_condition"] = "normoxia"
    treatments = module.aggregate(images, "treatment")
    assert treatments[SCORE].tolist() == pytest.approx([0.3, 0.5, 0.9])
    assert treatments["n_images"].tolist() == [2, 1, 1]
    assert treatments["key"].tolist()[0] == "AC16/b1/hypoxia/48.0/negcon/DMSO/"
    assert treatments["key"].is_unique
    module.check_scores(treatments)


def test_images_of_several_folds_make_a_group_without_fold(images):
    images.loc[1, "fold"] = 1
    assert module.aggregate(images)["fold"].isna().tolist() == [True, False, True]


def test_wells_and_treatments_can_be_written(images, tmp_path):
    for level in ("well", "treatment"):
        module.write_scores(module.aggregate(images, level), tmp_path / f"{level}.parquet")
        assert module.one_level(module.read_scores(tmp_path / f"{level}.parquet")) == level


def test_joining_keeps_columns_of_either(images):
    more = images.assign(key=images["key"] + "-more", Metadata_plasmid="p1", fold=pd.NA)
    joined = module.join_scores([images.assign(fold=pd.NA), more])
    assert len(joined) == 8
    assert joined["Metadata_plasmid"].notna().sum() == 4
    assert joined["fold"].dtype == "Int64"
    module.check_scores(joined)


def _without(column):
    return lambda table: table.drop(columns=column)


def _with(column, value):
    return lambda table: table.assign(**{column: [value, *table[column].iloc[1:]]})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without("fold"), r"columns of a score table, missing: fold\. \[file .*s\.parquet\] Make"),
        (_without([SCORE, f"{SCORE}_sd"]), "missing: Score_<task>_<class>"),
        (_without(f"{SCORE}_sd"), f"missing: {SCORE}_sd"),
        (_without("Metadata_Well"), "missing: Metadata_Well"),
        (lambda table: table[:0], "got an empty table"),
        (_with("level", "well"), r"one level \(image, well or treatment\).*got image, well"),
        (_with("key", None), "Expected a key in every row"),
        (_with("key", "AC16/p/A02/1"), "each key once, got 'AC16/p/A02/1' twice, scored by expert"),
        (_with(SCORE, float("nan")), f"finite {SCORE}, got nan for 'AC16/p/A01/1' and 0 more"),
        (_with(SCORE, float("inf")), f"finite {SCORE}, got inf"),
        (_with("n_images", 0), "n_images of 1 or more"),
    ],
)
def test_what_is_wrong_is_named(images, tmp_path, change, message):
    changed = change(images)
    with pytest.raises(ScoreError, match=message.replace(r" \[file .*s\.parquet\]", "")):
        module.write_scores(changed, tmp_path / "s.parquet")
    assert not (tmp_path / "s.parquet").exists()
    changed.to_parquet(tmp_path / "s.parquet")
    with pytest.raises(ScoreError, match=message):
        module.read_scores(tmp_path / "s.parquet")


def test_files_that_are_no_tables_are_named(tmp_path):
    with pytest.raises(ScoreError, match=r"got no such file\. \[file .*none\.parquet\] Make"):
        module.read_scores(tmp_path / "none.parquet")
    (tmp_path / "junk.parquet").write_text("junk")
    with pytest.raises(ScoreError, match=r"Expected a parquet, got: .*junk\.parquet"):
        module.read_scores(tmp_path / "junk.parquet")


def test_groups_that_mix_are_refused(images):
    two = images.assign(model_id=["a", "b", "a", "a"])
    with pytest.raises(ScoreError, match=r"one model_id in a well.*plate p, well A01"):
        module.aggregate(two)
    with pytest.raises(ScoreError, match=r"one model_id in a treatment, got several in \('AC16'"):
        module.aggregate(two, "treatment")
    images.loc[1, "Metadata_pert_iname"] = "x"
    with pytest.raises(ScoreError, match=r"one Metadata_pert_iname in a well.*well A01.*plate map"):
        module.aggregate(images)


def test_only_images_are_aggregated(images):
    with pytest.raises(ScoreError, match="got level 'well' to make 'treatment'"):
        module.aggregate(module.aggregate(images), "treatment")
    with pytest.raises(ScoreError, match="to make 'plate'"):
        module.aggregate(images, "plate")
    with pytest.raises(ScoreError, match="Expected Metadata_pert_iname"):
        module.aggregate(images.drop(columns="Metadata_pert_iname"), "treatment")

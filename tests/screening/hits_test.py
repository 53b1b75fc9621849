import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening import hits
from cellscreen.screening.votes import vote

CONTROLS = {"AC16": [0.3, 0.4, 0.5], "H9C2": [0.6, 0.7, 0.8]}
TREATED = {
    "=low": {"AC16": [0.1, 0.2], "H9C2": [0.4, 0.5]},
    "high": {"AC16": [0.6, 0.7], "H9C2": [0.4, 0.5]},
    "alone": {"AC16": [0.1, 0.2]},
}


@pytest.fixture
def small(screen):
    return screen(TREATED, CONTROLS)


@pytest.fixture
def dosed(small):
    half = small[small["Metadata_pert_iname"] == "high"]
    half = half.assign(Metadata_concentration_um=2.5, Metadata_Well=half["Metadata_Well"] + "h")
    half["Score_hypoxia_hypoxia"] += 0.1
    return pd.concat([small, half.assign(key=half["key"] + "h")], ignore_index=True)


def test_hits_have_the_form_of_table_v(small):
    table = hits.hits_table(vote(small))
    assert [*table.columns[:5]] == ["Number", "Compounds", "Concentration (µM)", "H9C2", "AC16"]
    first = table.iloc[0]
    assert first[["Number", "H9C2", "AC16"]].tolist() == [1, 0.45, 0.15]
    assert first["H9C2 difference"] == -0.25
    assert first["p (larger of both)"] == 0.1
    assert first["q (Benjamini-Hochberg)"] == 0.2
    assert first["Both below control (paper's rule)"] == "yes"
    assert first["q within 0.1"] == "no"
    assert table["Verdict"].tolist() == ["paper rule only", "inactive", "no vote"]
    assert table["Reason for no vote"].tolist() == ["", "", "no images of H9C2 in hypoxia"]
    assert "Simulated" not in table


def test_doses_have_the_form_of_table_iv(small, dosed):
    assert hits.dose_table(vote(small)).empty
    table = hits.dose_table(vote(dosed))
    assert [*table.columns] == ["Compounds", "Cell line", "2.5 µM", "10 µM"]
    assert table.to_numpy().tolist() == [
        ["high", "AC16", 0.75, 0.65],
        ["high", "H9C2", 0.55, 0.45],
    ]


def test_a_vote_comes_back_from_its_files(dosed, tmp_path):
    result = vote(dosed.assign(Metadata_simulated=True))
    paths = hits.write_votes(result, tmp_path / "votes")
    assert sorted(paths) == ["doses.csv", "hits.csv", "votes.json", "votes.parquet"]
    back = hits.read_votes(tmp_path / "votes")
    pd.testing.assert_frame_equal(back.table, result.table)
    pd.testing.assert_frame_equal(back.controls, result.controls)
    assert (back.warnings, back.lines, back.config) == (
        result.warnings,
        result.lines,
        result.config,
    )
    for name in ("hits.csv", "doses.csv"):
        assert set(pd.read_csv(paths[name])["Simulated"]) == {"yes"}


def test_doses_of_an_earlier_vote_do_not_stay(small, dosed, tmp_path):
    hits.write_votes(vote(dosed), tmp_path)
    assert (tmp_path / "doses.csv").exists()
    assert "doses.csv" not in hits.write_votes(vote(small), tmp_path)
    assert not (tmp_path / "doses.csv").exists()


def test_a_folder_without_a_vote_is_named(tmp_path):
    with pytest.raises(ScoreError, match=r"got no votes\.parquet\..*Make them with `cellscreen"):
        hits.read_votes(tmp_path)


def test_text_says_what_a_reader_must_know(small):
    text = hits.vote_text(vote(small.assign(Metadata_simulated=True)))
    assert text.startswith("SIMULATED DATA. 2 treatments voted on: 0 active")
    assert "passes about a quarter of inactive compounds by chance" in text
    assert "0.450 -0.250 [" in text
    assert "no vote: alone 10 µM: no images of H9C2 in hypoxia" in text
    assert "warning: AC16 in batch b1 has 3 control wells" in text
    short = hits.vote_text(vote(small), rows=1)
    assert not short.startswith("SIMULATED")
    assert "... and 1 more in hits.csv" in short

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening import scores as module
from cellscreen.screening.not_scored import NOT_SCORED

SCORE = "Score_hypoxia_hypoxia"


@pytest.fixture
def wells(score_table):
    """Three wells of drug, of which one has no score, and one of tox, which has none."""
    rows = [
        {"well": "A01", "name": "drug", "score": 0.2},
        {"well": "A02", "name": "drug", "score": 0.6},
        {"well": "A03", "name": "drug", "score": np.nan},
        {"well": "A04", "name": "tox", "score": np.nan},
    ]
    table = score_table(rows).assign(level="well")
    return table.assign(**{NOT_SCORED: ["", "", "no cells", "no cells"]})


def test_a_reason_stands_in_for_a_score(wells):
    module.check_scores(wells)
    with pytest.raises(ScoreError, match="Expected a finite Score_hypoxia_hypoxia"):
        module.check_scores(wells.assign(**{NOT_SCORED: ["", "", "", "no cells"]}))


def test_rows_without_a_score_are_written_and_left_out_when_read(wells, tmp_path, caplog):
    module.write_scores(wells, path := tmp_path / "scores.parquet")
    assert pd.read_parquet(path)[NOT_SCORED].tolist() == ["", "", "no cells", "no cells"]
    read = module.read_scores(path)
    assert read[SCORE].tolist() == [0.2, 0.6]
    assert NOT_SCORED not in read
    assert "2 of 4 rows (such as AC16/p/A03/1) were not scored, and are left out: no cells." in (
        caplog.text
    )


def test_a_table_without_any_score_is_refused(wells, tmp_path):
    module.write_scores(wells[2:], path := tmp_path / "scores.parquet")
    with pytest.raises(ScoreError, match="a scored row; none of 2 is: no cells"):
        module.read_scores(path)


def test_a_treatment_is_the_mean_of_its_wells_that_are_scored(wells):
    treatments = module.treatments_of_wells(wells).set_index("Metadata_pert_iname")
    assert treatments.loc["drug", SCORE] == pytest.approx(0.4)
    assert treatments.loc["drug", f"{SCORE}_sd"] == pytest.approx(np.std([0.2, 0.6], ddof=1))
    assert treatments[NOT_SCORED].to_dict() == {"drug": "", "tox": "no cells"}
    assert np.isnan(treatments.loc["tox", SCORE])
    module.check_scores(treatments.reset_index())


def test_treatments_of_wells_are_not_made_of_images(wells):
    with pytest.raises(ScoreError, match="Expected scores of wells, got level 'image'"):
        module.treatments_of_wells(wells.assign(level="image"))

import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.screening.quality_flags import COLUMN, flagged, with_quality_flags

SCORES = pd.DataFrame(
    {
        "key": ["P/A01/1", "P/A01/2", "P/B02/1"],
        "Metadata_Plate": "P",
        "Metadata_Well": ["A01", "A01", "B02"],
    }
)
QUALITY = pd.DataFrame(
    {
        "key": ["P/A01/1", "P/A01/1", "P/A01/2", "P/B02/1"],
        "channel": ["DNA", "GFP", "DNA", "DNA"],
        "flags": ["few_cells", "saturated;few_cells", "", ""],
    }
)


def test_flags_of_all_channels_stand_beside_the_score():
    scores = with_quality_flags(SCORES, QUALITY)
    assert scores[COLUMN].tolist() == ["few_cells;saturated", "", ""]
    assert flagged(scores) == ["1 of 3 images have quality flags and vote all the same: P/A01."]


def test_an_image_that_was_not_checked_is_an_error():
    with pytest.raises(ScoreError, match="1 have none, such as P/B02/1"):
        with_quality_flags(SCORES, QUALITY[:3])


def test_without_flags_nothing_is_said():
    assert flagged(SCORES) == []
    assert flagged(SCORES.assign(**{COLUMN: ""})) == []

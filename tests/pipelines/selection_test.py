import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.pipelines.selection import select

FRAME = pd.DataFrame(
    {
        "Metadata_cell_line": ["AC16", "AC16", "H9C2"],
        "Metadata_hours": [24.0, 48.0, 48.0],
        "key": ["a", "b", "c"],
    }
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", [True, True, True]),
        ("cell_line=AC16", [True, True, False]),
        ("Metadata_cell_line=AC16; hours=48", [False, True, False]),
        ("hours=24,48.0;cell_line=H9C2", [False, False, True]),
    ],
)
def test_clauses_are_all_met(where, expected):
    assert select(FRAME, where).tolist() == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("cell_line", "Expected clauses like"),
        ("cell_line=", "Expected clauses like"),
        ("dose=1", "Expected one of the columns cell_line, hours; got 'dose'"),
        ("cell_line=AC17", "No row has AC17 .* the column holds AC16, H9C2"),
        ("hours=two", "Expected numbers in 'hours=two'"),
        ("hours=72", "No row has 72"),
    ],
)
def test_a_clause_that_cannot_work_is_an_error(where, message):
    with pytest.raises(ConfigError, match=message):
        select(FRAME, where)

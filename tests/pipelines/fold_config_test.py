import math

import pytest

from cellscreen.errors import ConfigError
from cellscreen.pipelines.fold_config import FoldConfig


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"fold_mode": "loo"}, "Expected a fold_mode of kfold, leave_one_out, .*; got 'loo'"),
        ({"fold_by": ""}, "Expected fold_by"),
        ({"folds": 1}, "Expected 2 folds or more; got 1"),
        ({"holdout_share": 0.0}, "holdout_share between 0 and 1; got 0.0"),
        ({"holdout_share": 1.0}, "holdout_share between 0 and 1; got 1.0"),
        ({"holdout_share": math.nan}, "holdout_share between 0 and 1; got nan"),
        ({"validation_share": 0.6}, "validation_share of 0 .none., or 0.01 to 0.5; got 0.6"),
        ({"validation_share": -0.1}, "got -0.1"),
        ({"validation_share": math.nan}, "got nan"),
        ({"fold_mode": "predefined"}, "Expected --fold_csv with --fold_mode=predefined"),
        ({"fold_csv": "a.csv"}, "Expected --fold_mode=predefined with --fold_csv; got kfold"),
    ],
)
def test_a_field_out_of_bounds_is_an_error(fields, message):
    with pytest.raises(ConfigError, match=message):
        FoldConfig(**fields)


@pytest.mark.parametrize(("share", "parts"), [(0.0, 0), (0.5, 2), (0.3, 3), (0.2, 5), (0.1, 10)])
def test_a_share_is_one_of_so_many_parts(share, parts):
    assert FoldConfig(validation_share=share).validation_parts == parts

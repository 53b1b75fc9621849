import numpy as np
import pandas as pd

from cellscreen.fitting import run_folder


def test_predictions_come_back_to_the_last_bit(tmp_path):
    values = np.random.default_rng(0).random(200)
    frame = pd.DataFrame({"key": [f"P/{n}" for n in range(200)], "p": values})
    run_folder.write_csv(frame, tmp_path / run_folder.PREDICTIONS)
    pd.testing.assert_frame_equal(run_folder.read_predictions(tmp_path), frame, check_exact=True)

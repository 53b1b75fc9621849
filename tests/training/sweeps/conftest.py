"""A small finished run folder, written without training."""

import dataclasses
import json
import math

import pandas as pd
import pytest

METRICS = ("accuracy", "precision", "recall", "f1", "auroc")


@pytest.fixture(scope="session")
def fake_run():
    """Returns a function that writes a run folder whose figures are all `value`.

    The pooled interval is `value` ± `reach`; the majority class has 0.5, its F1 undefined.
    """

    def write(folder, config, value=0.8, *, reach=0.05, keys=("a", "b"), folds=(0, 1), **said):
        folder.mkdir(parents=True, exist_ok=True)
        nested = dataclasses.asdict(config) if dataclasses.is_dataclass(config) else config
        (folder / "config.json").write_text(json.dumps(nested))
        rows = []
        for model, mean in (("plain", value), ("majority_class", 0.5)):
            for name in METRICS:
                one = math.nan if (model, name) == ("majority_class", "f1") else mean
                rows.append((model, "mean", name, one, math.nan, math.nan))
                rows.append((model, "sd", name, 0.01, math.nan, math.nan))
                rows.append((model, "pooled", name, one, one - reach, one + reach))
        columns = ["model", "fold", "metric", "value", "low", "high"]
        pd.DataFrame(rows, columns=columns).to_csv(folder / "metrics.csv", index=False)
        manifest = pd.DataFrame({"key": keys, "fold": folds, "inner": -1, "label": [0, 1]})
        manifest.assign(trained=True, checksum=["x", "y"]).to_csv(folder / "folds.csv", index=False)
        summary = {"net": "plain", "group": "AC16 48 h", "fold_by": "well", "folds": 2}
        summary |= {"leaky": False, "simulated": True, "below_baseline": [], "seconds": 60.0}
        (folder / "run.json").write_text(json.dumps(summary | said))
        return folder

    return write

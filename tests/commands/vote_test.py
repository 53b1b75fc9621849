import json

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.screening.scores import write_scores

SCORE = "Score_hypoxia_hypoxia"


def _expert(line, model):
    """24 vehicle wells, one compound far below them, one among them; in this line only: a third."""
    rng = np.random.default_rng(len(line))
    names = ["DMSO"] * 24 + ["good"] * 5 + ["idle"] * 5 + [f"only-{line}"] * 5
    scores = np.concatenate([rng.uniform(0.6, 0.8, 24), rng.uniform(0.1, 0.3, 5), [0.7] * 10])
    wells = [f"dish-{n:02d}" for n in range(len(names))]
    table = pd.DataFrame({"Metadata_Plate": line, "Metadata_Well": wells, "Metadata_Site": "1"})
    return table.assign(
        Metadata_cell_line=line,
        Metadata_condition="hypoxia",
        Metadata_batch="b1",
        Metadata_pert_iname=names,
        Metadata_concentration_um=[np.nan] * 24 + [10.0] * 15,
        Metadata_control_type=["negcon"] * 24 + ["trt"] * 15,
        Metadata_simulated=True,
        key=[f"{line}/{well}/1" for well in wells],
        level="image",
        model_id=model,
        fold=pd.array([pd.NA] * len(names), dtype="Int64"),
        n_images=1,
        **{SCORE: scores, f"{SCORE}_sd": np.nan},
    )


@pytest.fixture
def tables(tmp_path):
    paths = [tmp_path / "ac16.parquet", tmp_path / "h9c2.parquet"]
    write_scores(_expert("AC16", "m1"), paths[0])
    write_scores(_expert("H9C2", "m2"), paths[1])
    return ",".join(map(str, paths))


def _vote(tables, tmp_path, *more):
    words = ["vote", f"--scores={tables}", f"--output={tmp_path / 'out'}", *more]
    return commands.main(words)


def test_two_experts_vote_and_the_files_are_named(tables, tmp_path, capsys):
    truth = pd.DataFrame({"pert_iname": ["good", "idle", "only-AC16", "only-H9C2"]})
    truth.assign(kind=["protects"] + ["inactive"] * 3).to_csv(tmp_path / "truth.csv", index=False)
    assert _vote(tables, tmp_path, f"--truth={tmp_path / 'truth.csv'}", "--fdr=0.05") == 0
    out = capsys.readouterr().out
    assert "SIMULATED DATA. 2 treatments voted on: 1 active" in out
    assert "about a quarter of inactive compounds by chance" in out
    assert "no vote: only-AC16 10 µM: no images of H9C2 in hypoxia" in out
    for name in ("hits.csv", "votes.parquet", "votes.json", "precision.csv"):
        assert (tmp_path / "out" / name).is_file()
        assert f"{name}: {tmp_path / 'out' / name}" in out
    hits = pd.read_csv(tmp_path / "out" / "hits.csv")
    assert hits["Compounds"].tolist() == ["good", "idle", "only-AC16", "only-H9C2"]
    assert hits["Verdict"].tolist()[0] == "active"
    assert hits["Simulated"].tolist() == ["yes"] * 4
    assert json.loads((tmp_path / "out" / "votes.json").read_text())["config"]["fdr"] == 0.05
    precision = pd.read_csv(tmp_path / "out" / "precision.csv")
    assert precision["found"].tolist() == [1, 1]


def test_the_same_command_gives_the_same_files(tables, tmp_path):
    files = ("hits.csv", "votes.json")
    assert _vote(tables, tmp_path, "--seed=3", "--permutations=200") == 0
    first = [(tmp_path / "out" / name).read_bytes() for name in files]
    assert _vote(tables, tmp_path, "--seed=3", "--permutations=200") == 0
    assert [(tmp_path / "out" / name).read_bytes() for name in files] == first


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--fdr=2"], "Expected fdr between 0 and 1, got 2.0"),
        (["--truth=none.csv"], "got no such file. [file none.csv]"),
        (["--positive=other"], "missing: Score_hypoxia_other"),
        (["--scores=none.parquet"], "got no such file. [file none.parquet]"),
    ],
)
def test_wrong_flags_are_named_and_nothing_is_written(tables, tmp_path, capsys, more, message):
    assert _vote(tables, tmp_path, *more) == commands.USAGE_ERROR
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_tells_what_the_paper_rule_lets_pass(capsys):
    assert commands.main(["vote", "--help"]) == 0
    out = capsys.readouterr().out
    assert "two coin flips" in out
    assert "cellscreen vote --scores=" in out
    assert "--fdr" in out

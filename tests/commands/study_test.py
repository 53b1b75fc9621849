import shutil
from pathlib import Path

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.commands import study, study_steps
from cellscreen.commands.study_plan import study_plan
from cellscreen.comparators.study_config import StudyConfig
from cellscreen.comparators.study_folder import StudyFolder
from cellscreen.errors import ConfigError

SMALL = ["--fractions=0,0.6", "--compounds=6", "--doses=1", "--replicates=2", "--seeds=0,1"]


@pytest.fixture
def taken(monkeypatch):
    """The steps that a study takes, none of them really; `fail` makes a verb fail."""

    class Seen(list):
        fail = ()

    seen = Seen()

    def fake(words):
        seen.append(words[0])
        return 2 if words[0] in seen.fail else 0

    monkeypatch.setattr(study.commands, "main", fake)
    for name in ("train_beside", "explain_attention", "write_results"):
        monkeypatch.setattr(study_steps, name, lambda *a, name=name: seen.append(name) or [])
    return seen


def run(output, *words):
    return commands.run(study, [f"--output={output}", *SMALL, *words])


def test_a_plan_has_every_method_at_every_fraction():
    names = [step.name for step in study_plan(Path("s"), StudyConfig(fractions=("0", "0.6")))]
    assert len(set(names)) == len(names)
    assert [name for name in names if "transformer" in name] == [
        "0-transformer-0",
        "0-transformer-1",
        "0-transformer-2",
        "0.6-transformer-0",
    ]
    assert "0-mean-0" not in names
    assert {f"0.6-{head}-0" for head in ("mean", "gated_attention", "vote")} <= set(names)
    assert names.index("0.6-transformer-0") < names.index("0.6-comparators-0")
    assert "0.6-patch-curve" in names
    assert "0-attention" not in names  # nothing is affected there


def test_every_verb_of_the_plan_takes_its_words():
    for step in study_plan(Path("s"), StudyConfig()):
        if step.words:
            assert step.words[0] in commands.VERBS


def test_a_study_takes_its_steps_and_writes_after_each_fraction(taken, tmp_path, capsys):
    assert run(tmp_path) == 0
    assert taken[:3] == ["simulate", "build", "build"]
    assert taken.count("train-bags") == 2 + 4
    assert taken.count("write_results") == 2
    assert taken[-1] == "write_results"
    assert "[1 of " in capsys.readouterr().out


def test_a_study_goes_on_where_it_failed(taken, tmp_path, capsys):
    taken.fail = ("patch-curve",)
    assert run(tmp_path) == 2
    assert "The step 0.6-patch-curve failed" in capsys.readouterr().err
    taken.fail, before = (), len(taken)
    assert run(tmp_path) == 0
    assert [name for name in taken[before:] if name != "write_results"] == [
        "patch-curve",
        "explain_attention",
    ]


def test_a_study_may_grow_but_not_change(taken, tmp_path, capsys):
    assert run(tmp_path) == 0
    before = len(taken)
    assert run(tmp_path, "--fractions=0,0.2,0.6") == 0
    assert taken[before:].count("simulate") == 1
    assert run(tmp_path, "--compounds=8") == 2
    assert "compounds: 6 -> 8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fractions": ("0", "most")}, "Expected fractions from 0 to 1; got 0, most"),
        ({"fractions": ()}, "Expected fractions from 0 to 1; got none"),
        ({"seeds": ("-1",)}, "Expected seeds of 0 or more; got -1"),
        ({"set_heads": ("mean",)}, r"transformer \(MID\) one of them; got mean"),
        ({"compounds": 2}, "Expected compounds of 6 or more; got 2"),
    ],
)
def test_what_cannot_work_is_refused(given, message):
    with pytest.raises(ConfigError, match=message):
        StudyConfig(**given)


@pytest.mark.slow
def test_a_miniature_study_ends_with_a_page(tmp_path):
    recipe = tmp_path / "tiny.flags"
    recipe.write_text(
        "--encoder=small\n--encoder_width=4\n--embedding_units=16\n--heads=2\n--depth=1\n"
        "--mlp_units=16\n--bag_crops=4\n--folds=3\n--epochs=1\n--warmup_epochs=0\n--sets=3\n"
        "--batch_size=4\n--jit=off\n"
    )
    words = [
        *SMALL,
        *("--seeds=0", "--set_heads=transformer,mean", "--size_px=128", "--control_wells=6"),
        *("--poscon_wells=0", f"--recipe={recipe}", "--explained_bags=4", "--study_draws=50"),
        *("--crop_width=4", "--crop_epochs=1", "--crop_batch=8", "--trees=10"),
    ]
    root = tmp_path / "study"
    assert commands.run(study, [f"--output={root}", *words]) == 0
    table = pd.read_csv(root / "study.csv")
    assert set(table["fraction"]) == {0, 0.6}
    models = ["MID", "bag_mean", "lightgbm_features", "crop_net", "mean_intensities"]
    assert set(table["model"]) == {*models, "cell_count", "well_position"}
    page = (root / "index.html").read_text()
    assert "SIMULATED DATA" in page
    assert "Not finished" not in page
    shutil.rmtree(StudyFolder(root).comparators(0.6, 0))
    (root / "steps" / "0.6-comparators-0.txt").unlink()
    assert commands.run(study, [f"--output={root}", *words]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(root / "study.csv"), table)

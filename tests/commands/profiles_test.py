import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.commands import profiles
from cellscreen.explain import explained_run


@pytest.fixture
def run(toy_explanation, monkeypatch, tmp_path):
    """Calls the verb on a toy run; returns its status and what it wrote."""
    asked = {}

    def read(workdir, output, **options):
        asked.update(options, workdir=workdir)
        return toy_explanation(config=options["config"], seed=options["seed"])

    monkeypatch.setattr(explained_run, "read_explain_input", read)

    def call(*flags):
        path = tmp_path / "profiles.parquet"
        status = commands.run(
            profiles, ["--model=runs/mid", f"--output={path}", *flags], "cellscreen profiles"
        )
        return status, (pd.read_parquet(path) if path.is_file() else None), asked

    return call


def test_wells_are_written_with_metadata_first(run, capsys):
    status, table, asked = run("--data_dir=records", "--sets=7", "--seed=3")
    assert status == 0
    assert len(table) == 18
    assert table.columns.tolist()[-2:] == ["Nuclei_MID_0000", "Nuclei_MID_0001"]
    assert (asked["workdir"], asked["data_dir"], asked["seed"]) == ("runs/mid", "records", 3)
    assert asked["config"].attention_sets == 7
    said = capsys.readouterr().out
    assert "18 profiles (well) by 2 nets of toy" in said
    assert "SIMULATED" in said


def test_cells_are_written_with_their_attention(run):
    _, table, _ = run("--level=cell")
    assert len(table) == 18 * 8
    assert {"Metadata_ObjectNumber", "Metadata_attention"} <= set(table)


def test_wells_that_no_net_saw_are_written_for_every_net_if_wanted(run):
    _, table, _ = run("--level=pooled", "--every_net")
    assert len(table) == 20
    assert (~table["Metadata_own_fold"]).sum() == 2


def test_every_net_is_for_wells_only(run, capsys):
    status, table, _ = run("--level=cell", "--every_net")
    assert status == 2
    assert table is None
    assert (
        "Expected --every_net with profiles of wells; got --level=cell" in capsys.readouterr().err
    )


def test_the_verb_is_registered():
    assert commands.VERBS["profiles"] == profiles.__name__

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError, ScoreError
from cellscreen.fitting import run_folder
from cellscreen.pipelines.bag_checks import bag_checksums
from cellscreen.pipelines.bag_index import index_bags
from cellscreen.pipelines.records import prepared_plates
from cellscreen.screening.scores import read_scores
from cellscreen.serving.bags.scoring import score_bags
from cellscreen.serving.openers import open_model
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

DRUG = "Score_toxicity_drug"


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "bags")


@pytest.fixture(scope="module")
def wells(bag_run, folders):
    return score_bags(open_model(bag_run), folders)


def by_hand(run, index, row, fold):
    """A bag's answer by the net of a fold."""
    config = InferenceConfig(sets=6, encode_batch=4)
    inference = SetInference(run_folder.load_fold(run, fold), 3, config, seed=5)
    return inference.answer(index.read_crops(row), index.bags["key"].iloc[row])


def test_a_well_is_scored_by_the_net_that_held_its_group_out(wells, bag_run, bag_index):
    assert wells["key"].tolist() == bag_index.bags["key"].tolist()
    assert wells["fold"].tolist() == [0, 0, 0, 1, 1, 1]
    assert set(wells["level"]) == {"well"}
    assert wells["n_images"].tolist() == [2] * 6
    assert wells["Metadata_cells"].tolist() == [4, 2, 6] * 2
    for row, fold in ((0, 0), (5, 1)):
        found = by_hand(bag_run, bag_index, row, fold)
        assert wells[DRUG].iloc[row] == pytest.approx(found.mean[1], abs=1e-6)
        assert wells[f"{DRUG}_sd"].iloc[row] == pytest.approx(found.deviation[1], abs=1e-6)
    assert not wells["Metadata_model_saw_group"].any()


def test_a_field_is_scored_by_the_net_that_held_its_well_out(bag_run, folders, caplog):
    scores = score_bags(open_model(bag_run), folders, "image").set_index("key")
    fields = index_bags(folders, "field")
    assert scores.index.tolist() == fields.bags["key"].tolist()
    assert scores.loc["P2/B01/2", "fold"] == 1
    found = by_hand(bag_run, fields, 11, 1)
    assert scores.loc["P2/B01/2", DRUG] == pytest.approx(found.mean[1], abs=1e-6)
    assert scores["n_images"].eq(1).all()
    empty = scores.loc["P1/A02/2"]
    assert np.isnan(empty[DRUG])
    assert empty["Metadata_not_scored"] == "no cells"
    assert scores["Metadata_not_scored"].ne("").sum() == 2
    assert "2 of 12 images (such as P1/A02/2) are not scored: no cells." in caplog.text


@pytest.fixture(scope="module")
def new_plate(build_bags, tmp_path_factory):
    """A plate P3 that no net has seen."""
    root = build_bags(tmp_path_factory.mktemp("new_plate"), ["P3"], brighter=2)
    return prepared_plates(root, "hcs", "bags")


def test_a_new_well_gets_the_mean_over_folds_of_the_same_sets(bag_run, new_plate):
    index = index_bags(new_plate, "well")
    scores = score_bags(open_model(bag_run), new_plate)
    assert scores["fold"].isna().all()
    each = np.mean([by_hand(bag_run, index, 2, fold).each for fold in (0, 1)], axis=0)
    assert scores[DRUG].iloc[2] == pytest.approx(each[:, 1].mean(), abs=1e-6)
    assert scores[f"{DRUG}_sd"].iloc[2] == pytest.approx(each[:, 1].std(ddof=1), abs=1e-6)


def test_a_new_well_of_a_known_compound_is_scored_by_the_net_that_held_it_out(
    write_bag_run, new_plate, tmp_path
):
    run = refolded(write_bag_run(tmp_path / "run", fold_by="compound"), {"DMSO": 0, "drug": 1})
    scores = score_bags(open_model(run), new_plate)
    assert scores["fold"].tolist() == [0, 0, 1]
    assert not scores["Metadata_model_saw_group"].any()


def test_wells_of_a_compound_that_all_nets_saw_are_flagged(
    write_bag_run, new_plate, tmp_path, caplog
):
    run = write_bag_run(tmp_path / "run", fold_by="compound")  # each compound in both folds
    scores = score_bags(open_model(run), new_plate)
    assert scores["fold"].isna().all()
    assert scores["Metadata_model_saw_group"].all()
    assert "3 of 3 wells (such as P3/A01) are of groups" in caplog.text


def refolded(run, folds):
    manifest = pd.read_csv(run / "folds.csv")
    manifest["fold"] = manifest["Metadata_pert_iname"].map(folds)
    manifest.to_csv(run / "folds.csv", index=False)
    return run


def test_a_well_that_every_net_was_trained_on_is_refused(write_bag_run, folders, tmp_path):
    run = refolded(write_bag_run(tmp_path / "run", fold_by="compound"), {"DMSO": -1, "drug": 0})
    with pytest.raises(ScoreError, match=r"trained on this well.*plate P1, well A01"):
        score_bags(open_model(run), folders)
    with pytest.raises(ScoreError, match=r"trained on this well.*plate P1, well A01"):
        score_bags(open_model(run), folders, "image")
    scores = score_bags(open_model(run), folders, where="pert_iname=drug")
    assert scores["key"].tolist() == ["P1/B01", "P2/B01"]


def test_another_well_under_a_known_key_is_refused(bag_run, folders, tmp_path):
    run = shutil.copytree(bag_run, tmp_path / "run")
    manifest = pd.read_csv(run / "folds.csv")
    manifest.loc[1, "checksum"] = "other"
    manifest.to_csv(run / "folds.csv", index=False)
    with pytest.raises(ScoreError, match=r"knows P1/A02 as another well.*well A02"):
        score_bags(open_model(run), folders)


def test_fields_of_one_well_in_two_folds_get_the_mean_and_are_flagged(
    write_bag_run, folders, tmp_path
):
    run = write_bag_run(tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["bag_input"]["bag_unit"], config["folds_config"]["fold_by"] = "field", "site"
    (run / "config.json").write_text(json.dumps(config))
    fields = index_bags(folders, "field")
    manifest = fields.bags.filter(like="Metadata_").assign(
        key=fields.bags["key"],
        group=fields.bags["key"],
        fold=(fields.bags["Metadata_Site"] == "2").astype(int),
        inner=-1,
        label=0,
        trained=True,
        checksum=bag_checksums(fields),
    )
    manifest.to_csv(run / "folds.csv", index=False)
    by_field = score_bags(open_model(run), folders, "image")
    assert by_field["fold"].tolist() == [0, 1] * 6
    by_well = score_bags(open_model(run), folders)
    assert by_well["fold"].isna().all()
    assert by_well["Metadata_model_saw_group"].all()


def test_other_channels_and_other_crops_than_the_model_s_are_refused(
    write_bag_run, folders, tmp_path
):
    run = write_bag_run(tmp_path / "run", channels=("ER", "DNA"))
    with pytest.raises(ConfigError, match=r"channels ER, DNA, .* got DNA, ER"):
        score_bags(open_model(run), folders)


def test_a_net_that_answers_nan_names_the_well(write_bag_run, tiny_net, folders, tmp_path):
    run = write_bag_run(tmp_path / "run")
    net = tiny_net()
    net.set_weights([np.full(weight.shape, np.nan) for weight in net.get_weights()])
    net.save(run / "fold_1" / "model.keras")
    with pytest.raises(DataError, match=r"finite embeddings of crops; .*plate P2, well A01"):
        score_bags(open_model(run), folders)


def test_a_choice_of_no_bag_is_told(bag_run, folders):
    with pytest.raises(ConfigError, match="none of 6 meets 'Well=B01; pert_iname=DMSO'"):
        score_bags(open_model(bag_run), folders, where="Well=B01; pert_iname=DMSO")


def test_several_tasks_give_both_classes_of_each(write_bag_run, folders, tmp_path):
    data = {"target": "tasks", "tasks": ("herg", "mito"), "label_column": "herg,mito"}
    data |= {"classes": ("no", "yes")}
    run = write_bag_run(tmp_path / "run", data, answer="tasks")
    scores = score_bags(open_model(run), folders)
    np.testing.assert_allclose(scores["Score_herg_no"] + scores["Score_herg_yes"], 1)
    found = by_hand(run, index_bags(folders, "well"), 0, 0)
    assert scores["Score_mito_yes"].iloc[0] == pytest.approx(found.mean[1], abs=1e-6)
    assert scores["Score_mito_no_sd"].iloc[0] == pytest.approx(found.deviation[1], abs=1e-6)


def test_a_net_of_log_dose_gives_one_column(write_bag_run, folders, tmp_path):
    data = {"target": "log_dose", "label_column": ""}
    run = write_bag_run(tmp_path / "run", data, outputs=1, answer="value")
    scores = score_bags(open_model(run), folders)
    found = by_hand(run, index_bags(folders, "well"), 0, 0)
    assert scores["Score_toxicity_log10_um"].iloc[0] == pytest.approx(found.mean[0], abs=1e-6)


def test_the_verb_scores_wells_fields_and_treatments(bag_run, bag_records, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    arguments = [f"--model={bag_run}", f"--data_dir={bag_records}", f"--output={output}"]
    assert commands.main(["score", *arguments]) == 0
    wells = read_scores(output)
    assert commands.main(["score", *arguments, "--level=treatment"]) == 0
    treatments = read_scores(output).set_index("Metadata_pert_iname")
    drug = wells.loc[wells["Metadata_pert_iname"] == "drug", DRUG]
    assert treatments.loc["drug", DRUG] == pytest.approx(drug.mean())
    assert treatments.loc["drug", f"{DRUG}_sd"] == pytest.approx(drug.std(ddof=1))
    assert treatments.loc["drug", "n_images"] == 4
    assert commands.main(["score", *arguments, "--level=image"]) == 0
    assert "12 rows by small_transformer-mean-" in (said := capsys.readouterr().out)
    assert "12 out-of-fold; 2 without a score." in said
    assert len(read_scores(output)) == 10


def test_the_verb_takes_the_number_and_size_of_sets(bag_run, bag_records, bag_index, tmp_path):
    output = tmp_path / "scores.parquet"
    arguments = [f"--model={bag_run}", f"--data_dir={bag_records}", f"--output={output}"]
    assert commands.main(["score", *arguments, "--sets=2", "--set_crops=1"]) == 0
    config = InferenceConfig(sets=2, set_crops=1)
    inference = SetInference(run_folder.load_fold(bag_run, 0), 3, config, seed=5)
    found = inference.answer(bag_index.read_crops(0), "P1/A01")
    assert read_scores(output)[DRUG].iloc[0] == pytest.approx(found.mean[1], abs=1e-6)


def test_the_verb_wants_prepared_bags_for_a_net_of_bags(bag_run, tmp_path, capsys):
    output = f"--output={tmp_path / 'scores.parquet'}"
    assert commands.main(["score", f"--model={bag_run}", "--images=x", output]) == 2
    told = "Expected --data_dir, and not --images: the model is a net of bags"
    assert told in capsys.readouterr().err

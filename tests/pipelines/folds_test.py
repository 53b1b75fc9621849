import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import (
    assign_folds,
    check_manifest,
    claim_manifest,
    held_out_folds,
    held_out_rows,
    read_manifest,
    training_rows,
    validation_rows,
    write_manifest,
)


def frame_of(n_wells=6, sites=2, plates=("p", "q")):
    rows = [
        {
            "key": f"{plate}/A{well:02d}/{site}",
            "sha256": f"{plate}{well}{site}",
            "Metadata_Plate": plate,
            "Metadata_Well": f"A{well:02d}",
            "Metadata_Site": str(site),
            "Metadata_batch": "" if plate == "q" else "b",
        }
        for plate in plates
        for well in range(1, n_wells + 1)
        for site in range(1, sites + 1)
    ]
    return pd.DataFrame(rows)


def conditions(frame):
    return (frame["Metadata_Plate"] == "q").astype(int)


def assigned(frame, config, labels=None, trained=None, classes=(), seed=0):
    labels = conditions(frame) if labels is None else labels
    trained = pd.Series(True, index=frame.index) if trained is None else trained
    return assign_folds(frame, labels, trained, config, seed, classes)


def manifest_of(frame, fold_by="well", folds=3):
    return assigned(frame, FoldConfig(fold_by=fold_by, folds=folds))


def test_images_of_a_well_share_a_fold_and_classes_are_spread():
    manifest = manifest_of(frame_of())
    assert (manifest.groupby(["Metadata_Plate", "Metadata_Well"])["fold"].nunique() == 1).all()
    counts = manifest.groupby(["fold", "label"]).size()
    assert counts.tolist() == [4] * 6


def test_a_position_keeps_the_same_well_of_all_plates_together():
    manifest = manifest_of(frame_of(), "position")
    assert (manifest.groupby("Metadata_Well")["fold"].nunique() == 1).all()


def test_as_many_groups_as_folds_give_a_group_a_fold():
    frame = frame_of(n_wells=3)
    manifest = manifest_of(frame, "Well")
    assert manifest.groupby("Metadata_Well")["fold"].first().tolist() == [0, 1, 2]


def test_rows_outside_training_get_a_fold_and_stay_untrained():
    frame = frame_of()
    trained = frame["Metadata_Well"] != "A06"
    manifest = assigned(frame, FoldConfig(folds=3), trained=trained)
    outside = manifest[~trained]
    assert not outside["trained"].any()
    assert outside["fold"].between(0, 2).all()


def test_the_seed_decides_the_folds_and_the_order_of_rows_does_not():
    frame = frame_of()
    config = FoldConfig(folds=3, validation_share=0.3)
    first, again, other = (assigned(frame, config, seed=seed) for seed in (0, 0, 1))
    assert first.equals(again)
    assert first["fold"].tolist() != other["fold"].tolist()
    turned = assigned(frame[::-1], config)
    assert turned[::-1].equals(first)


def test_leave_one_plate_out_holds_every_plate_out_once(caplog):
    frame = frame_of(plates=("p", "q", "r", "s"))
    labels = frame["Metadata_Well"].isin(["A01", "A02"]).astype(int)
    config = FoldConfig(fold_mode="leave_one_out", fold_by="plate", folds=2)
    manifest = assigned(frame, config, labels)
    assert held_out_folds(manifest) == [0, 1, 2, 3]
    for fold, plate in enumerate("pqrs"):
        assert set(manifest.loc[held_out_rows(manifest, fold), "Metadata_Plate"]) == {plate}
        assert training_rows(manifest, fold).equals(frame["Metadata_Plate"] != plate)
    assert not caplog.records


def test_groups_held_out_alone_may_have_one_class_which_is_warned_of(caplog):
    manifest = assigned(frame_of(n_wells=3), FoldConfig(fold_mode="leave_one_out"))
    assert held_out_folds(manifest) == [0, 1, 2, 3, 4, 5]
    assert "6 groups that are held out alone lack a class" in caplog.text


def test_a_holdout_keeps_a_share_of_each_class_and_scores_what_is_not_trained_on():
    frame = frame_of(n_wells=10)
    labels = conditions(frame).where(frame["Metadata_Well"] != "A10", -1)
    manifest = assigned(frame, FoldConfig(fold_mode="holdout", holdout_share=0.3), labels)
    assert held_out_folds(manifest) == [0]
    counts = manifest[manifest["trained"]].groupby(["label", "fold"]).size()
    assert counts.tolist() == [12, 6, 12, 6]  # 3 of 9 wells: the nearest to 0.3
    assert (manifest.loc[labels == -1, "fold"] == 0).all()
    assert not manifest.loc[labels == -1, "trained"].any()


def test_an_image_in_a_group_that_every_net_trains_on_stays_there_and_is_warned_of(caplog):
    frame = frame_of(n_wells=10)
    trained = frame["Metadata_Site"] == "1"
    manifest = assigned(frame, FoldConfig(fold_mode="holdout"), trained=trained)
    shared = ~manifest["trained"] & (manifest["fold"] == -1)
    assert shared.sum() == 16
    assert "16 images without training share a group with training images" in caplog.text


def test_validation_sets_whole_groups_of_the_training_part_apart():
    frame = frame_of(n_wells=20)
    manifest = assigned(frame, FoldConfig(folds=4, validation_share=0.2))
    for fold in range(4):
        parts = [rows(manifest, fold) for rows in (training_rows, validation_rows, held_out_rows)]
        assert [int(part.sum()) for part in parts] == [48, 12, 20]
        assert (sum(part.astype(int) for part in parts) == 1).all()
        counts = manifest[parts[1]].groupby("label")["group"].nunique()
        assert counts.tolist() == [3, 3]  # of 15 training wells of each class


def test_more_folds_than_validation_parts_use_each_part_in_turn():
    frame = frame_of(n_wells=5)
    manifest = assigned(frame, FoldConfig(folds=5, validation_share=0.5))
    assert set(manifest["inner"]) <= {-1, 0, 1}
    for fold in range(5):
        part = manifest[validation_rows(manifest, fold)]
        assert set(part["inner"]) == {fold % 2}
        assert (part.groupby("label")["group"].nunique() >= 1).all()


def test_without_validation_no_row_validates():
    manifest = manifest_of(frame_of())
    assert (manifest["inner"] == -1).all()
    assert not validation_rows(manifest, 0).any()


def test_a_fold_that_does_not_exist_is_an_error():
    with pytest.raises(ConfigError, match="Expected one of the folds 0, 1, 2; got 3"):
        training_rows(manifest_of(frame_of()), 3)


def three_classes(frame):
    return frame["Metadata_Plate"].map({"p": 0, "q": 1, "r": 2})


def test_a_class_with_fewer_groups_than_folds_is_left_out_and_listed(caplog):
    frame = frame_of(plates=("p", "q", "r"))
    frame = frame[(frame["Metadata_Plate"] != "r") | (frame["Metadata_Well"] < "A03")]
    names = ("DMSO", "digoxin", "ouabain")
    manifest = assigned(frame, FoldConfig(folds=3), three_classes(frame), classes=names)
    assert manifest.attrs["left_out_classes"] == {"ouabain": 2}
    assert "Class ouabain has 2 groups by well, fewer than 3 folds: it is left out" in caplog.text
    ouabain = manifest["Metadata_Plate"] == "r"
    assert not manifest.loc[ouabain, "trained"].any()
    assert manifest.loc[ouabain, "fold"].between(0, 2).all()
    assert manifest.loc[~ouabain, "trained"].all()


def test_a_named_class_without_an_image_is_left_out_too():
    frame = frame_of()
    manifest = assigned(frame, FoldConfig(folds=3), classes=("a", "b", "c"))
    assert manifest.attrs["left_out_classes"] == {"c": 0}


def test_with_two_classes_one_too_small_is_an_error():
    frame = frame_of()
    frame = frame[(frame["Metadata_Plate"] != "q") | (frame["Metadata_Well"] < "A03")]
    names = ("normoxia", "hypoxia")
    with pytest.raises(DataError, match="Class hypoxia has 2 groups by well, fewer than 3 folds"):
        assigned(frame, FoldConfig(folds=3), classes=names)
    frame = frame[(frame["Metadata_Plate"] != "q") | (frame["Metadata_Well"] < "A02")]
    with pytest.raises(DataError, match="hypoxia has 1 groups by well, fewer than the 2 it takes"):
        assigned(frame, FoldConfig(fold_mode="holdout"), classes=names)


def test_more_folds_than_groups_is_an_error():
    with pytest.raises(DataError, match="number 0 has 6 groups by well, fewer than 13 folds"):
        manifest_of(frame_of(), folds=13)


@pytest.mark.parametrize(("label", "message"), [(2, "first is 2 "), (-2, "first is -2 ")])
def test_a_label_out_of_range_is_an_error(label, message):
    frame = frame_of()
    labels = conditions(frame)
    labels[3] = label
    with pytest.raises(DataError, match=rf"0 to 1, or -1 .*{message}.*plate p, well A02"):
        assigned(frame, FoldConfig(folds=3), labels, classes=("a", "b"))


def test_a_class_missing_from_a_part_is_an_error_that_names_the_part():
    config = FoldConfig(folds=3, validation_share=0.3)
    manifest = assigned(frame_of(), config)
    first = (manifest["label"] == 1) & (manifest["fold"] == 0)
    without = manifest.assign(trained=~first)
    with pytest.raises(DataError, match=r"held-out part of fold 0 has no image of class \[1\]"):
        check_manifest(without, FoldConfig(folds=3))
    only = manifest.assign(trained=(manifest["label"] == 0) | first)
    with pytest.raises(DataError, match=r"training part of fold 0 has no image of class \[1\]"):
        check_manifest(only, config)
    none = manifest.assign(inner=manifest["inner"].where(manifest["label"] == 0, -1))
    with pytest.raises(DataError, match=r"validation part of fold 0 has no image of class \[1\]"):
        check_manifest(none, config)


def test_a_manifest_that_holds_nothing_out_is_an_error():
    with pytest.raises(DataError, match="a fold that is held out; got images for training only"):
        check_manifest(manifest_of(frame_of()).assign(fold=-1), FoldConfig())


@pytest.mark.parametrize("fold", [1, -1])
def test_a_group_in_two_folds_is_a_leak(fold):
    manifest = manifest_of(frame_of())
    first = manifest[manifest["fold"] == 0].index[0]
    manifest.loc[first, "fold"] = fold
    group = manifest.loc[first, "group"]
    with pytest.raises(DataError, match=rf"Leak: the group {group} is in 2 folds .images {group}/"):
        check_manifest(manifest, FoldConfig(folds=3))


def test_one_image_under_two_names_in_two_folds_is_a_leak():
    frame = frame_of()
    manifest = manifest_of(frame)
    first = manifest[manifest["fold"] == 0].index[0]
    second = manifest[manifest["fold"] == 1].index[0]
    frame.loc[second, "sha256"] = frame.loc[first, "sha256"]
    with pytest.raises(DataError, match=r"Leak: the checksum .* is in 2 folds"):
        manifest_of(frame)


def test_one_image_in_training_and_validation_is_a_leak():
    frame, config = frame_of(n_wells=20), FoldConfig(folds=3, validation_share=0.2)
    manifest = assigned(frame, config)
    rows = manifest[manifest["fold"] == 0]
    first, second = (rows.index[rows["inner"] == part][0] for part in (-1, 1))
    frame.loc[second, "sha256"] = frame.loc[first, "sha256"]
    with pytest.raises(DataError, match=r"Leak: the checksum .* is in 2 validation parts"):
        assigned(frame, config)


def test_a_key_twice_is_an_error():
    frame = pd.concat([frame_of()] * 2, ignore_index=True)
    with pytest.raises(DataError, match=r"stands twice .*--channel"):
        manifest_of(frame)


def test_one_class_is_an_error():
    with pytest.raises(DataError, match="two classes or more"):
        manifest_of(frame_of(plates=("p",)))


def test_an_empty_group_column_is_an_error():
    with pytest.raises(DataError, match=r"value of batch for every image; 12 have none.*plate q"):
        manifest_of(frame_of(), "batch")


def test_dishes_have_no_position():
    with pytest.raises(DataError, match="value of position"):
        manifest_of(frame_of().assign(Metadata_Well="dish-01"), "position")


def test_a_manifest_survives_its_file(tmp_path):
    manifest = assigned(frame_of(), FoldConfig(folds=3, validation_share=0.3))
    write_manifest(manifest, tmp_path / "folds.csv")
    read = read_manifest(tmp_path / "folds.csv")
    assert read["key"].tolist() == manifest["key"].tolist()
    assert read["trained"].dtype == np.bool_
    assert read["Metadata_Site"].tolist() == manifest["Metadata_Site"].tolist()
    assert validation_rows(read, 1).tolist() == validation_rows(manifest, 1).tolist()


def test_a_manifest_of_another_version_is_refused(tmp_path):
    path = tmp_path / "folds.csv"
    write_manifest(manifest_of(frame_of()).drop(columns="inner"), path)
    with pytest.raises(ConfigError, match=r"it has no column inner.*folds\.csv"):
        read_manifest(path)


def test_a_manifest_that_moved_under_a_run_is_refused(tmp_path):
    path = tmp_path / "folds.csv"
    claim_manifest(manifest_of(frame_of()), path)
    claim_manifest(manifest_of(frame_of()), path)
    with pytest.raises(ConfigError, match="data or labels changed since this run began"):
        claim_manifest(manifest_of(frame_of(n_wells=9)), path)
    moved = assigned(frame_of(), FoldConfig(folds=3, validation_share=0.3))
    with pytest.raises(ConfigError, match="data or labels changed"):
        claim_manifest(moved, path)

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.folds import (
    assign_folds,
    check_manifest,
    claim_manifest,
    fold_groups,
    read_manifest,
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


def manifest_of(frame, fold_by="well", folds=3):
    labels = (frame["Metadata_Plate"] == "q").astype(int)
    everything = pd.Series(True, index=frame.index)
    return assign_folds(frame, labels, everything, fold_by, folds, seed=0)


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
    labels = (frame["Metadata_Plate"] == "q").astype(int)
    manifest = assign_folds(frame, labels, trained, "well", 3, seed=0)
    outside = manifest[~trained]
    assert not outside["trained"].any()
    assert outside["fold"].between(0, 2).all()


def test_the_seed_decides_the_folds():
    frame, labels = frame_of(), None
    labels = (frame["Metadata_Plate"] == "q").astype(int)
    everything = pd.Series(True, index=frame.index)
    folds = [
        assign_folds(frame, labels, everything, "well", 3, seed=seed)["fold"].tolist()
        for seed in (0, 0, 1)
    ]
    assert folds[0] == folds[1] != folds[2]


def test_a_group_in_two_folds_is_a_leak():
    manifest = manifest_of(frame_of())
    manifest.loc[0, "fold"] = (manifest.loc[0, "fold"] + 1) % 3
    with pytest.raises(DataError, match=r"Leak: the group p/A01 is in 2 folds .images p/A01/1"):
        check_manifest(manifest, 3)


def test_one_image_under_two_names_in_two_folds_is_a_leak():
    frame = frame_of()
    manifest = manifest_of(frame)
    first = manifest[manifest["fold"] == 0].index[0]
    second = manifest[manifest["fold"] == 1].index[0]
    manifest.loc[second, "checksum"] = manifest.loc[first, "checksum"]
    with pytest.raises(DataError, match=r"Leak: the checksum .* is in 2 folds"):
        check_manifest(manifest, 3)


def test_a_key_twice_is_an_error():
    manifest = pd.concat([manifest_of(frame_of())] * 2, ignore_index=True)
    with pytest.raises(DataError, match=r"stands twice .*--channel"):
        check_manifest(manifest, 3)


def test_fewer_groups_than_folds_is_an_error():
    with pytest.raises(DataError, match="has 2 groups by well, fewer than 3 folds"):
        manifest_of(frame_of(n_wells=2))


def test_one_class_is_an_error():
    with pytest.raises(DataError, match="two classes or more"):
        manifest_of(frame_of(plates=("p",)))


def test_an_empty_group_column_is_an_error():
    with pytest.raises(DataError, match=r"value of batch for every image; 12 have none.*plate q"):
        fold_groups(frame_of(), "batch")


def test_dishes_have_no_position():
    frame = frame_of().assign(Metadata_Well="dish-01")
    with pytest.raises(DataError, match="value of position"):
        fold_groups(frame, "position")


def test_a_manifest_survives_its_file(tmp_path):
    manifest = manifest_of(frame_of())
    write_manifest(manifest, tmp_path / "folds.csv")
    read = read_manifest(tmp_path / "folds.csv")
    assert read["key"].tolist() == manifest["key"].tolist()
    assert read["trained"].dtype == np.bool_
    assert read["Metadata_Site"].tolist() == manifest["Metadata_Site"].tolist()


def test_a_manifest_that_moved_under_a_run_is_refused(tmp_path):
    path = tmp_path / "folds.csv"
    claim_manifest(manifest_of(frame_of()), path)
    claim_manifest(manifest_of(frame_of()), path)
    with pytest.raises(ConfigError, match="data or labels changed since this run began"):
        claim_manifest(manifest_of(frame_of(n_wells=9)), path)

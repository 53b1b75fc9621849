import pandas as pd
import pytest

from cellscreen.errors import CellscreenError, ConfigError, DataError, PlateTableError
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.fold_csv import predefined_folds
from cellscreen.pipelines.folds import assign_folds, held_out_folds, training_rows, validation_rows

FRAME = pd.DataFrame(
    [
        {
            "key": f"{plate}/A0{well}/1",
            "sha256": f"{plate}{well}",
            "Metadata_Plate": plate,
            "Metadata_Well": f"A0{well}",
            "Metadata_Site": "1",
        }
        for plate in ("p", "q", "r")
        for well in range(1, 5)
    ]
)
LABELS = FRAME["Metadata_Well"].isin(["A03", "A04"]).astype(int)


def written(tmp_path, text):
    (tmp_path / "split.csv").write_text(text)
    return tmp_path / "split.csv"


def assigned(path, fold_by="well", **fields):
    config = FoldConfig(fold_mode="predefined", fold_by=fold_by, fold_csv=str(path), **fields)
    return assign_folds(FRAME, LABELS, LABELS >= 0, config, 0, ("normoxia", "hypoxia"))


def test_a_csv_says_the_fold_of_whole_plates_and_what_only_trains(tmp_path):
    manifest = assigned(written(tmp_path, "plate,fold\np,3\nq,train\nr,7\n"))
    assert manifest["fold"].tolist() == [3] * 4 + [-1] * 4 + [7] * 4
    assert held_out_folds(manifest) == [3, 7]
    assert set(manifest.loc[training_rows(manifest, 3), "Metadata_Plate"]) == {"q", "r"}


def test_predefined_folds_validate_on_part_of_what_they_train_on(tmp_path):
    path = written(tmp_path, "plate,fold\np,3\nq,train\nr,7\n")
    manifest = assigned(path, validation_share=0.5)
    for fold, plate in ((3, "p"), (7, "r")):
        part = manifest[validation_rows(manifest, fold)]
        assert part["label"].value_counts().to_dict() == {0: 2, 1: 2}
        assert plate not in set(part["Metadata_Plate"])


def test_a_group_in_two_predefined_folds_is_a_leak(tmp_path):
    rows = "".join(f"{key},{number % 2}\n" for number, key in enumerate(FRAME["key"]))
    path = written(tmp_path, "key,fold\n" + rows)
    assert predefined_folds(FRAME, path).tolist() == [0, 1] * 6
    with pytest.raises(DataError, match=r"Leak: the group p is in 2 folds \(images p/A01/1"):
        assigned(path, "plate")


def test_a_predefined_fold_without_a_class_is_an_error(tmp_path):
    path = written(tmp_path, "well,fold\nA1,0\nA2,train\nA3,train\nA4,train\n")
    with pytest.raises(DataError, match="held-out part of fold 0 has no image of class"):
        assigned(path)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("plate,fold\np,0\nq,1\n", DataError, "4 of 12 have no line, the first is r/A01/1.*where"),
        ("plate,fold\np,0\nx,1\n", DataError, "match no image; .*'x'.*split.csv, line 3"),
        ("plate,fold\np,0\nq,1\np,1\n", DataError, "Two folds for .*'p'.*in line 2.*line 4"),
        ("plate,fold\np,0\nq,test\nr,1\n", DataError, "or train; got 'test'.*split.csv, line 3"),
        ("plate,fold\np,0\nq,-1\nr,1\n", DataError, "or train; got '-1'.*line 3"),
        ("plate,fold\np,0\nq,\nr,1\n", DataError, "or train; got ''.*line 3"),
        ("plate,fold\np\nq,1\nr,1\n", PlateTableError, "Expected 2 cells, got 1.*line 2"),
        ("plate,part\np,0\n", ConfigError, "Expected a column fold; got plate, part"),
        ("fold\n0\n", ConfigError, "Expected a join column"),
        ("plate,plate,fold\np,p,0\n", ConfigError, "every column once; got plate, plate.*line 1"),
        ("dish,fold\nx,0\n", ConfigError, "Expected one of the columns .*'dish'.*split.csv"),
    ],
)
def test_a_csv_that_does_not_fit_the_rows_is_an_error(tmp_path, text, error, message):
    path = written(tmp_path, text)
    with pytest.raises(CellscreenError, match=message) as caught:
        predefined_folds(FRAME, path)
    assert type(caught.value) is error


def test_a_missing_csv_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"a CSV of folds; there is no such file\..*none\.csv"):
        predefined_folds(FRAME, tmp_path / "none.csv")

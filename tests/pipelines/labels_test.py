import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.labels import labels_from_column, labels_from_compounds, labels_from_csv

FRAME = pd.DataFrame(
    {
        "key": ["p/A01/1", "p/A02/1", "p/A03/1"],
        "Metadata_Plate": ["p", "p", "p"],
        "Metadata_Well": ["A01", "A02", "A03"],
        "Metadata_condition": ["normoxia", "hypoxia", ""],
    }
)
CLASSES = ("normoxia", "hypoxia")


def test_a_column_gives_the_class_number_and_minus_one_without_class():
    assert labels_from_column(FRAME, "condition", CLASSES).tolist() == [0, 1, -1]


def test_a_csv_joins_by_its_other_columns(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("plate,well,label\np,A02,normoxia\np,A03,hypoxia\n")
    assert labels_from_csv(FRAME, path, CLASSES).tolist() == [-1, 0, 1]


def test_a_csv_may_spell_wells_numbers_and_cells_as_a_laboratory_does(tmp_path):
    frame = FRAME.assign(Metadata_hours=[24.0, 48.0, None])
    path = tmp_path / "labels.csv"
    path.write_text("\ufeffWell;hours;label\na1;24;hypoxia\nA02;48.0;normoxia\nA3;;hypoxia\n")
    assert labels_from_csv(frame, path, CLASSES).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("key,class\na,b\n", ConfigError, "Expected a column label; got key, class"),
        ("label\nnormoxia\n", ConfigError, "Expected a join column"),
        ("key,label\np/A01/1,dead\n", DataError, "hypoxia; got 'dead'. .*line 2"),
        ("key,label\np/A01/1,normoxia\np/A01/1,hypoxia\n", DataError, "Two labels .*A01.*line 3"),
        ("key,label\nq/A01/1,normoxia\n", DataError, "1 rows .* no image; .*q/A01/1.*line 2"),
        ("dish,label\nx,normoxia\n", ConfigError, "Expected one of the columns"),
    ],
)
def test_a_csv_that_cannot_label_is_an_error(tmp_path, text, error, message):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(error, match=message):
        labels_from_csv(FRAME, path, CLASSES)


def test_a_class_that_no_image_has_is_an_error():
    with pytest.raises(DataError, match="No image has condition=anoxia; the column holds"):
        labels_from_column(FRAME, "condition", ("normoxia", "anoxia"))


def test_one_class_is_an_error():
    with pytest.raises(ConfigError, match="Expected two or more different classes"):
        labels_from_column(FRAME, "condition", ("hypoxia", "hypoxia"))


def test_a_missing_label_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        labels_from_csv(FRAME, tmp_path / "none.csv", CLASSES)


def test_a_class_that_no_compound_has_is_an_error(tmp_path):
    path = tmp_path / "herg.csv"
    path.write_text("compound,label\nx,toxic\ny,safe\n")
    frame = FRAME.assign(Metadata_pert_iname=["x", "y", "z"])
    assert labels_from_compounds(frame, path, ("safe", "toxic"), "name").tolist() == [1, 0, -1]
    message = r"No image's compound has the label nontoxic; theirs are safe, toxic\..*herg.csv"
    with pytest.raises(DataError, match=message):
        labels_from_compounds(frame, path, ("nontoxic", "toxic"), "name")

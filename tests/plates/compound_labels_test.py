"""Label tables joined by what names a compound, with all that does not join."""

import pandas as pd
import pytest

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates.compound_keys import cid, first_block, inchikey, plain_name
from cellscreen.plates.compound_labels import describe_join, join_labels
from cellscreen.plates.label_table import read_labels, write_labels

QUININE, QUINIDINE = "LOUPRKONTZGTKE-WZBLMQSHSA-N", "LOUPRKONTZGTKE-LHHVKLHASA-N"
CAFFEINE = "RYYVLZVUVIJVGH-UHFFFAOYSA-N"


@pytest.fixture
def labels(tmp_path):
    def write_and_read(*lines):
        path = tmp_path / "labels.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_labels(path)

    return write_and_read


def wells(**columns):
    table = {f"Metadata_{name}": texts for name, texts in columns.items()}
    return pd.DataFrame(table, dtype=object)


PLATE = wells(
    pert_iname=["DMSO", "Quinine", "quinidine", "Caffeine", "Caffeine"],
    InChIKey=["", QUININE, QUINIDINE, CAFFEINE, CAFFEINE],
    pubchem_cid=["679", "3034034", "441074", "2519", "2519.0"],
    control_type=["negcon", "trt", "trt", "trt", "trt"],
)


def test_whole_inchikey_tells_stereoisomers_apart(labels):
    joined = join_labels(PLATE, labels("InChIKey,label", f"{QUININE},toxic"), "inchikey")
    assert joined.labels.tolist() == ["", "toxic", "", "", ""]


def test_first_block_joins_stereoisomers(labels):
    table = labels("inchikey,label", f"{QUININE},toxic", f"{CAFFEINE.lower()},nontoxic")
    joined = join_labels(PLATE, table, "first_block")
    assert joined.labels.tolist() == ["", "toxic", "toxic", "nontoxic", "nontoxic"]


def test_first_block_alone_is_a_key(labels):
    joined = join_labels(PLATE, labels("inchikey,label", "LOUPRKONTZGTKE,x"), "first_block")
    assert joined.labels.tolist() == ["", "x", "x", "", ""]


def test_names_in_another_spelling_but_not_their_salts(labels):
    table = labels("Compound,label", "QUININE,a", "caffeine citrate,b")
    joined = join_labels(PLATE, table, "name")
    assert joined.labels.tolist() == ["", "a", "", "", ""]
    assert joined.unused["label"].tolist() == ["b"]


def test_pubchem_cid(labels):
    joined = join_labels(PLATE, labels("cid,label", "2519,Active"), "pubchem_cid")
    assert joined.labels.tolist() == ["", "", "", "Active", "Active"]


def test_labels_keep_the_index_and_make_a_column(labels):
    frame = PLATE.set_axis([9, 8, 7, 6, 5])
    joined = join_labels(frame, labels("drug,label", "caffeine,x"), "name")
    frame["Metadata_task"] = joined.labels
    assert frame.loc[5, "Metadata_task"] == "x"


def test_what_does_not_join_is_listed(labels):
    table = labels("drug,label", "caffeine,nontoxic", "digoxin,toxic")
    joined = join_labels(PLATE, table, "name")
    assert joined.unlabelled.to_dict("records") == [
        {"compound": "DMSO", "key": "DMSO", "control_type": "negcon", "rows": 1},
        {"compound": "Quinine", "key": "Quinine", "control_type": "trt", "rows": 1},
        {"compound": "quinidine", "key": "quinidine", "control_type": "trt", "rows": 1},
    ]
    assert describe_join(joined).splitlines() == [
        "Rows by label: nontoxic 2.",
        "Compounds without a label: 3.",
        "  DMSO, DMSO, negcon, 1",
        "  Quinine, Quinine, trt, 1",
        "  quinidine, quinidine, trt, 1",
        "Labels whose compound has no image: 1.",
        "  line 3: digoxin, toxic",
    ]


def test_many_unused_labels_are_counted(labels):
    table = labels("drug,label", "caffeine,x", *(f"drug{number},y" for number in range(20)))
    lines = describe_join(join_labels(PLATE, table, "name")).splitlines()
    assert "Labels whose compound has no image: 20." in lines
    assert lines[-1] == "  … and 8 more"


def test_two_labels_for_one_compound(labels):
    table = labels("InChIKey,label", f"{QUININE},toxic", f"{CAFFEINE},no", f"{QUINIDINE},no")
    join_labels(PLATE, table, "inchikey")
    message = (
        rf"Two labels for one compound \(first_block\), {QUININE} / {QUINIDINE}: toxic, no, "
        r"lines 2, 4\. \[file .*labels\.csv, line 2\]"
    )
    with pytest.raises(PlateTableError, match=message):
        join_labels(PLATE, table, "first_block")


def test_one_label_twice_is_no_contradiction(labels):
    table = labels("drug,label", "caffeine,x", "Caffeine,x")
    assert join_labels(PLATE, table, "name").labels.tolist() == ["", "", "", "x", "x"]


def test_blank_keys_join_nothing(labels):
    table = labels("InChIKey,drug,label", f"{CAFFEINE},caffeine,x", ",vehicle,y")
    joined = join_labels(PLATE, table, "inchikey")
    assert joined.labels.tolist() == ["", "", "", "x", "x"]
    assert joined.unused["label"].tolist() == ["y"]


def test_key_that_is_none(labels):
    table = labels("InChIKey,label", "caffeine,x", f"{CAFFEINE},x")
    with pytest.raises(PlateTableError, match=r"Expected an InChIKey, like .*'caffeine'.*line 2\]"):
        join_labels(PLATE, table, "inchikey")


def test_no_compound_in_common(labels):
    table = labels("drug,label", "digoxin,x", "ouabain,x")
    message = r"\(name\): digoxin, ouabain there, DMSO, Quinine, quinidine here\. .*another key"
    with pytest.raises(PlateTableError, match=message):
        join_labels(PLATE, table, "name")


def test_key_or_column_that_is_not_there(labels):
    table = labels("drug,label", "caffeine,x")
    with pytest.raises(ConfigError, match=r"joined by inchikey, .*pubchem_cid; got 'smiles'"):
        join_labels(PLATE, table, "smiles")
    with pytest.raises(ConfigError, match=r"a column InChIKey\. The label table has none"):
        join_labels(PLATE, table, "inchikey")
    with pytest.raises(ConfigError, match=r"a column pert_iname\. The table of images has none"):
        join_labels(PLATE[["Metadata_InChIKey"]], table, "name")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["drug,class", "x,y"], r"Expected the columns label and InChIKey, .*; got drug, class"),
        (["label,smiles", "x,C"], r"Expected the columns label and InChIKey, pert_iname or pubch"),
        (["drug,label", "x,"], r"Expected a label; it is blank.*line 2\]"),
        (["drug,label", "x"], r"Expected 2 cells, got 1.*line 2\]"),
        (["drug,compound,label", "x,y,z"], r"'drug' and 'compound' both mean pert_iname"),
    ],
)
def test_table_that_cannot_be(labels, lines, message):
    with pytest.raises(PlateTableError, match=message):
        labels(*lines)


def test_written_labels_are_read_again(labels, tmp_path):
    table = labels("InChIKey,drug,label,note", f"{CAFFEINE},caffeine,x,a b")
    write_labels(table, tmp_path / "again.csv")
    pd.testing.assert_frame_equal(read_labels(tmp_path / "again.csv"), table)


def test_keys_in_one_spelling():
    assert inchikey(f" {CAFFEINE.lower()} ") == CAFFEINE
    assert first_block(CAFFEINE) == first_block("ryyvlzvuvijvgh") == "RYYVLZVUVIJVGH"
    assert cid(" 02519.0") == "2519"
    names = ("Ascorbic-Acid", "ascorbic  acid", "ASCORBIC_ACID", "ascorbic\u2011acid")
    assert {plain_name(name) for name in names} == {"ascorbic acid"}
    assert plain_name("amlodipine besylate") != plain_name("amlodipine")


@pytest.mark.parametrize(
    ("key", "text"),
    [(inchikey, "RYYVLZVUVIJVGH"), (first_block, "RYYVLZVUVIJVG"), (cid, "CID2519"), (cid, "-1")],
)
def test_texts_that_are_no_keys(key, text):
    with pytest.raises(ValueError):
        key(text)

"""Mitochondrial toxicity from small tables in the form of PubChem's; the values are invented."""

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.label_table import read_labels, write_labels
from cellscreen.plates.pubchem_mitotox import read_pubchem_mitotox

HEADER = (
    "PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_EXT_DATASOURCE_SMILES,"
    "PUBCHEM_ACTIVITY_OUTCOME,PUBCHEM_ACTIVITY_SCORE,PUBCHEM_ACTIVITY_URL,"
    "PUBCHEM_ASSAYDATA_COMMENT,Activity Summary,Activity-Replicate_1"
)
DESCRIBED = (
    "RESULT_TYPE,,,,,,,,STRING,STRING",
    'RESULT_DESCR,,,,,,,,"type of activity, from all channels",first run',
    "RESULT_UNIT,,,,,,,,,",
    "RESULT_IS_ACTIVE_CONCENTRATION,,,,,,,,,",
)


def row(tag, sid, cid, outcome, replicate=""):
    return f'{tag},{sid},{cid},"C(C)",{outcome},0,,,{outcome.lower()},{replicate}'


@pytest.fixture
def read(tmp_path):
    def write_and_read(*rows, header=HEADER, described=DESCRIBED):
        path = tmp_path / "AID_720637_datatable.csv"
        path.write_text("\n".join([header, *described, *rows]) + "\n", encoding="utf-8")
        return read_pubchem_mitotox(path)

    return write_and_read


def label_of(mitotox):
    return mitotox.labels.set_index("Metadata_pubchem_cid")["label"].to_dict()


def test_three_outcomes_and_describing_rows(read):
    mitotox = read(
        row(1, 11, 101, "Active"), row(2, 12, 102, "Inactive"), row(3, 13, 103, "Inconclusive")
    )
    assert label_of(mitotox) == {"101": "Active", "102": "Inactive", "103": "Inconclusive"}
    assert mitotox.left_out.empty
    assert mitotox.disagreeing.empty
    assert mitotox.labels["Metadata_smiles"].tolist() == ["C(C)"] * 3


def test_columns_of_single_replicates_do_not_count(read):
    assert label_of(read(row(1, 11, 101, "Inactive", replicate="Active"))) == {"101": "Inactive"}


def test_substances_of_one_compound_that_agree(read):
    mitotox = read(row(1, 11, 101, "Active"), row(2, 12, 101, "Active"))
    assert mitotox.labels[["label", "n_substances"]].to_numpy().tolist() == [["Active", 2]]


def test_substances_of_one_compound_that_differ_are_inconclusive_and_listed(read):
    mitotox = read(
        row(1, 11, 101, "Active"), row(2, 12, 101, "Inactive"), row(3, 13, 102, "Active")
    )
    assert label_of(mitotox) == {"101": "Inconclusive", "102": "Active"}
    assert mitotox.disagreeing["pubchem_sid"].tolist() == ["11", "12"]


def test_replicates_of_a_substance_are_decided_by_their_summary(read):
    mitotox = read(
        "1,11,101,Active,1",
        "2,11,101,Inactive,2",
        "3,11,101,Inactive,Summary",
        "4,12,102,Active,1",
        "5,12,102,Inactive,2",
        header="PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_ACTIVITY_OUTCOME,Replicate",
        described=("RESULT_TYPE,,,,STRING",),
    )
    assert label_of(mitotox) == {"101": "Inactive", "102": "Inconclusive"}
    assert mitotox.left_out["reason"].tolist() == ["a replicate with a summary"] * 2
    assert mitotox.left_out.index.tolist() == [3, 4]


def test_rows_without_compound_or_outcome_are_listed(read):
    mitotox = read(
        row(1, 11, "", "Active"), row(2, 12, 102, "Unspecified"), row(3, 13, 103, "Active")
    )
    assert label_of(mitotox) == {"103": "Active"}
    assert mitotox.left_out["reason"].tolist() == [
        *("a substance without a compound (CID)", "no outcome")
    ]


def test_outcome_or_compound_that_cannot_be(read):
    with pytest.raises(PlateTableError, match=r"Expected an outcome .*got 'Maybe'.*line 6\]"):
        read(row(1, 11, 101, "Maybe"))
    with pytest.raises(PlateTableError, match=r"Expected a PubChem CID, .*got 'x'.*line 6\]"):
        read(row(1, 11, "x", "Active"))


def test_labels_are_written_and_read(read, tmp_path):
    write_labels(read(row(1, 11, 101, "Active")).labels, tmp_path / "labels.csv")
    assert read_labels(tmp_path / "labels.csv")["Metadata_pubchem_cid"].tolist() == ["101"]


def test_table_of_another_form(read):
    with pytest.raises(PlateTableError, match="pubchem_activity_outcome is missing"):
        read("1,2,3", header="PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID", described=())


def test_table_without_a_single_result(read):
    mitotox = read()
    assert mitotox.labels.empty
    assert mitotox.left_out.empty

"""`cellscreen labels`: importers of public assays, from their files to a label table."""

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.plates.label_table import read_labels

CHEMBL = """molecule_chembl_id,molecule_name,inchikey,standard_type,standard_relation,\
standard_value,standard_units
CHEMBL1,one,AAAAAAAAAAAAAA-BBBBBBBBBB-C,IC50,=,10000,nM
CHEMBL1,one,AAAAAAAAAAAAAA-BBBBBBBBBB-C,IC50,=,9000,nM
CHEMBL1,one,AAAAAAAAAAAAAA-BBBBBBBBBB-C,IC50,=,30000,nM
CHEMBL2,two,DDDDDDDDDDDDDD-BBBBBBBBBB-C,IC50,>,30000,nM
CHEMBL3,three,EEEEEEEEEEEEEE-BBBBBBBBBB-C,Ki,=,5,nM
"""
PUBCHEM = """PUBCHEM_RESULT_TAG,PUBCHEM_SID,PUBCHEM_CID,PUBCHEM_ACTIVITY_OUTCOME
RESULT_TYPE,,,
1,11,2519,Active
2,12,2244,Inactive
3,13,,Inactive
"""


def _run(capsys, *flags):
    status = commands.main(["labels", *flags])
    return status, *capsys.readouterr()


def test_herg_labels_of_chembl(capsys, tmp_path):
    (tmp_path / "chembl.csv").write_text(CHEMBL)
    output = tmp_path / "herg.csv"
    flags = [f"--chembl_herg={tmp_path / 'chembl.csv'}", f"--output={output}"]
    status, out, err = _run(capsys, *flags)
    assert (status, err) == (0, "")
    assert f"2 compounds in {output}: toxic 1, nontoxic 1\n" in out
    assert "Left out: 1 rows: not an IC50\n" in out
    labels = read_labels(output)
    assert labels.set_index("Metadata_pert_iname")["label"].to_dict() == {
        "one": "toxic",
        "two": "nontoxic",
    }
    left_out = pd.read_csv(tmp_path / "herg_left_out.csv")
    assert left_out[["line", "molecule_chembl_id"]].values.tolist() == [[6, "CHEMBL3"]]
    disagreeing = pd.read_csv(tmp_path / "herg_disagreeing.csv")
    assert disagreeing["line"].tolist() == [4], "30 µM of a compound whose median is 10 µM"


def test_another_threshold(capsys, tmp_path):
    (tmp_path / "chembl.csv").write_text(CHEMBL)
    flags = [f"--chembl_herg={tmp_path / 'chembl.csv'}", f"--output={tmp_path / 'herg.csv'}"]
    assert "nontoxic 2" in _run(capsys, *flags, "--threshold_um=5")[1]


def test_mitochondrial_toxicity_of_pubchem(capsys, tmp_path):
    (tmp_path / "aid.csv").write_text(PUBCHEM)
    output = tmp_path / "mitotox.csv"
    flags = [f"--pubchem_mitotox={tmp_path / 'aid.csv'}", f"--output={output}"]
    status, out, _ = _run(capsys, *flags)
    assert status == 0
    assert "2 compounds" in out
    assert "Left out: 1 rows: a substance without a compound (CID)" in out
    cids = read_labels(output).set_index("Metadata_pubchem_cid")["label"].to_dict()
    assert cids == {"2519": "Active", "2244": "Inactive"}
    assert not (tmp_path / "mitotox_disagreeing.csv").exists()


@pytest.mark.parametrize("flags", [[], ["--chembl_herg=a.csv", "--pubchem_mitotox=b.csv"]])
def test_one_assay_is_asked_for(capsys, tmp_path, flags):
    status, _, err = _run(capsys, *flags, f"--output={tmp_path / 'x.csv'}")
    assert status == 2
    assert "Expected one of --chembl_herg and --pubchem_mitotox." in err


def test_table_in_which_nothing_decides(capsys, tmp_path):
    path = tmp_path / "chembl.csv"
    path.write_text(CHEMBL.replace("IC50", "Ki"))
    flags = [f"--chembl_herg={path}", f"--output={tmp_path / 'x.csv'}"]
    status, _, err = _run(capsys, *flags)
    assert status == 2
    assert "Expected rows that label a compound; all were left out (not an IC50)." in err
    assert "chembl.csv" in err
    assert not (tmp_path / "x.csv").exists()

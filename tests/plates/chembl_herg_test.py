"""hERG labels from small tables in the form of ChEMBL's export; the values are invented."""

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.chembl_herg import read_chembl_herg
from cellscreen.plates.label_table import read_labels, write_labels

COLUMNS = (
    *("Molecule ChEMBL ID", "Molecule Name", "Smiles", "Standard Type", "Standard Relation"),
    *("Standard Value", "Standard Units", "pChEMBL Value", "Data Validity Comment"),
    *("Potential Duplicate", "Assay Description", "Target ChEMBL ID"),
)


def row(molecule, relation, value, units="nM", **other):
    cells = {
        "Molecule ChEMBL ID": molecule,
        "Molecule Name": molecule.replace("CHEMBL", "DRUG-"),
        "Smiles": "CC;C",
        "Standard Type": "IC50",
        "Standard Relation": f"'{relation}'" if relation else "",
        "Standard Value": value,
        "Standard Units": units,
        "Potential Duplicate": "False",
        "Assay Description": "hERG, patch clamp; CHO cells, 37 C",
        "Target ChEMBL ID": "CHEMBL240",
    } | other
    return ";".join(f'"{cells.get(column, "")}"' for column in COLUMNS)


@pytest.fixture
def read(tmp_path):
    def write_and_read(*rows, **options):
        header = ";".join(f'"{column}"' for column in COLUMNS)
        path = tmp_path / "herg.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return read_chembl_herg(path, **options)

    return write_and_read


def label_of(herg):
    return herg.labels.set_index("Metadata_chembl_id")["label"].to_dict()


def test_threshold_of_ten_micromolar_is_toxic_itself(read):
    herg = read(
        row("CHEMBL1", "=", "10000"),
        row("CHEMBL2", "=", "10000.1"),
        row("CHEMBL3", "=", "0.01", "mM"),
        row("CHEMBL4", "~", "9.9", "uM"),
        row("CHEMBL5", "=", "11", "µM"),
    )
    assert label_of(herg) == {
        "CHEMBL1": "toxic",
        "CHEMBL2": "nontoxic",
        "CHEMBL3": "toxic",
        "CHEMBL4": "toxic",
        "CHEMBL5": "nontoxic",
    }
    assert herg.left_out.empty
    assert herg.disagreeing.empty


@pytest.mark.parametrize(
    ("relation", "um", "label"),
    [
        ("<", 10, "toxic"),
        ("<=", 10, "toxic"),
        ("<<", 1, "toxic"),
        ("<", 30, None),
        (">", 10, "nontoxic"),
        (">", 30, "nontoxic"),
        (">=", 10.1, "nontoxic"),
        (">=", 10, None),
        (">", 5, None),
    ],
)
def test_bounds(read, relation, um, label):
    herg = read(row("CHEMBL1", relation, um, "uM"), row("CHEMBL9", "=", 1))
    assert label_of(herg).get("CHEMBL1") == label
    reasons = [] if label else ["bounds that leave both open"]
    assert herg.left_out["reason"].tolist() == reasons


def test_median_of_pic50_decides_and_the_other_side_is_listed(read):
    herg = read(
        row("CHEMBL1", "=", 1, "uM"),
        row("CHEMBL1", "=", 9, "uM"),
        row("CHEMBL1", "=", 100, "uM"),
        row("CHEMBL1", ">", 30, "uM"),
        row("CHEMBL1", ">", 3, "uM"),
    )
    (label,) = herg.labels.to_dict("records")
    assert (label["label"], label["n_values"], label["n_disagree"]) == ("toxic", 5, 2)
    assert label["median_um"] == pytest.approx(9)
    assert herg.disagreeing["standard_value"].tolist() == ["100", "30"]
    assert herg.disagreeing.index.tolist() == [4, 5]


def test_even_number_of_values_takes_the_geometric_middle(read):
    herg = read(row("CHEMBL1", "=", 1, "uM"), row("CHEMBL1", "=", 100, "uM"))
    assert herg.labels["median_um"].tolist() == pytest.approx([10])
    assert label_of(herg) == {"CHEMBL1": "toxic"}


def test_bounds_that_contradict_each_other_give_no_label(read):
    herg = read(row("CHEMBL1", "<", 1, "uM"), row("CHEMBL1", ">", 30, "uM"), row("CHEMBL2", "=", 1))
    assert label_of(herg) == {"CHEMBL2": "toxic"}
    assert herg.left_out["reason"].tolist() == ["bounds that contradict each other"] * 2


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"Standard Type": "Ki"}, "not an IC50"),
        ({"Target ChEMBL ID": "CHEMBL220"}, "another target"),
        ({"Standard Relation": ""}, "no relation of those that are known"),
        ({"Standard Value": ""}, "no positive value in nM, µM, mM or M"),
        ({"Standard Value": "0"}, "no positive value in nM, µM, mM or M"),
        ({"Standard Units": "ug.mL-1"}, "no positive value in nM, µM, mM or M"),
        ({"Standard Units": ""}, "no positive value in nM, µM, mM or M"),
        (
            {"Data Validity Comment": "Potential transcription error"},
            "doubtful by ChEMBL (Potential transcription error)",
        ),
        ({"Potential Duplicate": "True"}, "a duplicate by ChEMBL"),
    ],
)
def test_rows_that_decide_nothing_are_listed_with_the_reason(read, other, reason):
    herg = read(row("CHEMBL1", "=", "5", **other), row("CHEMBL2", "=", "5"))
    assert label_of(herg) == {"CHEMBL2": "toxic"}
    assert herg.left_out["reason"].tolist() == [reason]


def test_value_outside_of_the_typical_range_counts(read):
    comment = {"Data Validity Comment": "Outside typical range"}
    assert label_of(read(row("CHEMBL1", "=", "1e6", **comment))) == {"CHEMBL1": "nontoxic"}


def test_other_threshold(read):
    assert label_of(read(row("CHEMBL1", "=", 5, "uM"), threshold_um=1)) == {"CHEMBL1": "nontoxic"}


def test_table_of_the_python_client_with_inchikeys(tmp_path):
    key = "LOUPRKONTZGTKE-WZBLMQSHSA-N"
    path = tmp_path / "herg.csv"
    path.write_text(
        "molecule_chembl_id,molecule_pref_name,standard_type,standard_relation,standard_value,"
        f"standard_units,inchikey\nCHEMBL1,QUININE,IC50,=,50000.0,nM,{key}\n"
        f"CHEMBL2,QUININE,IC50,=,60000.0,nM,{key}\nCHEMBL3,,IC50,=,1.0,nM,\n"
    )
    labels = read_chembl_herg(path).labels
    assert labels["label"].tolist() == ["toxic", "nontoxic"]
    assert labels["n_values"].tolist() == [1, 2]
    write_labels(labels, tmp_path / "labels.csv")
    again = read_labels(tmp_path / "labels.csv")
    assert again["Metadata_InChIKey"].tolist() == ["", key]
    assert again["Metadata_pert_iname"].tolist() == ["", "QUININE"]


def test_table_without_a_needed_column(tmp_path):
    path = tmp_path / "herg.csv"
    path.write_text("Molecule ChEMBL ID;Standard Type;Standard Value\nx;IC50;1\n")
    message = r"Expected the columns molecule_chembl_id.*; standard_relation, standard_units is mis"
    with pytest.raises(PlateTableError, match=message):
        read_chembl_herg(path)


def test_row_with_too_few_cells(read):
    with pytest.raises(PlateTableError, match=r"Expected 12 cells, got 1\..*line 3\]"):
        read(row("CHEMBL1", "=", 1), "CHEMBL2")

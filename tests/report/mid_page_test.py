import dataclasses

from cellscreen.report.mid_dose import dose_section
from cellscreen.report.mid_false import false_section
from cellscreen.report.mid_page import SECTIONS, write_explanation
from cellscreen.report.section import missing


def test_the_page_is_whole_and_loads_nothing(toy_explanation, read_page):
    asked = toy_explanation()
    page = write_explanation(asked, [dose_section, false_section])
    text = page.read_text(encoding="utf-8")
    reader = read_page(text)

    assert page == asked.output / "index.html"
    assert [tag for tag, _ in reader.tags if tag in ("script", "link", "iframe")] == ["link"]
    assert "http" not in text.replace("http-equiv", "")
    assert reader.headings[0] == ["h1", "Explanation of toy"]
    assert reader.open == []
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_simulated_images_are_called_so(toy_explanation):
    page = write_explanation(toy_explanation(), [dose_section])

    assert "SIMULATED DATA" in page.read_text(encoding="utf-8")


def test_real_images_are_not_called_simulated(toy_explanation):
    asked = toy_explanation()
    asked.index.bags["Metadata_simulated"] = False
    text = write_explanation(asked, [dose_section]).read_text(encoding="utf-8")

    assert "SIMULATED" not in text


def test_leaky_folds_are_called_so(toy_explanation):
    asked = dataclasses.replace(toy_explanation(), leaky=True)

    assert "LEAKY SPLIT" in write_explanation(asked, [dose_section]).read_text(encoding="utf-8")


def test_what_is_left_out_is_told_at_the_end(toy_explanation):
    page = write_explanation(
        toy_explanation(), [lambda asked: missing("x", "Things", "nothing was given.")]
    )

    assert "<strong>Things</strong>: nothing was given." in page.read_text(encoding="utf-8")


def test_names_from_outside_do_not_break_out(toy_explanation):
    asked = toy_explanation()
    asked.manifest["Metadata_pert_iname"] = asked.manifest["Metadata_pert_iname"].replace(
        "A", "<script>A"
    )
    scores = asked.scores.replace({"Metadata_pert_iname": {"A": "<script>A"}})
    asked = dataclasses.replace(asked, scores=scores)
    text = write_explanation(asked, [dose_section, false_section]).read_text(encoding="utf-8")

    assert "<script" not in text
    assert "&lt;script&gt;A" in text


def test_every_section_of_the_page_has_a_name_of_its_own():
    names = [section.__name__ for section in SECTIONS]

    assert len(names) == len(set(names)) >= 7

import dataclasses

import cv2
import numpy as np
import pandas as pd

from cellscreen.report.mid_attention import attention_map, attention_section, explained_cells
from cellscreen.report.mid_pictures import attention_png, page_picture, sheet_png


def test_the_section_draws_maps_and_galleries_and_writes_the_table(toy_explanation):
    asked = toy_explanation()
    section = attention_section(asked)

    assert section.simulated
    assert "Attention alone proves nothing" in section.html
    assert "over all cells of a bag at once" in section.html
    # One map a compound: A, B, C, D and DMSO; a gallery for each treated compound.
    assert section.html.count("<img") == 5 + 4
    assert len(list((asked.output / "attention_maps").iterdir())) == 5
    assert len(list((asked.output / "galleries").iterdir())) == 4
    table = pd.read_parquet(asked.output / "attention.parquet")
    assert len(table) == 144
    assert table["Metadata_simulated"].all()


def test_the_section_says_when_attention_is_of_sets(toy_explanation):
    asked = toy_explanation()
    config = dataclasses.replace(asked.config, attention_over="sets", map_fields=1)
    section = attention_section(dataclasses.replace(asked, config=config))

    assert "the mean over the random sets of 4 cells that drew a cell (20 sets a bag)" in " ".join(
        section.html.split()
    )


def test_attention_is_computed_once_for_all_sections(toy_explanation):
    asked = toy_explanation()

    assert explained_cells(asked) is explained_cells(asked)


def test_a_map_says_what_it_shows(toy_explanation):
    asked = toy_explanation()
    shown = attention_map(asked, explained_cells(asked), 2)

    assert shown.what == "A03 of P1, A 10 µM"
    assert shown.figures.startswith("score of toxic 0.788; fold 0; 8 cells; attention 0.00 to 2.8")
    assert "patched from the cells' crops" in shown.figures


def test_without_cells_the_section_is_left_out(toy_explanation):
    asked = toy_explanation()
    asked = dataclasses.replace(asked, manifest=asked.manifest.assign(fold=-1))

    assert attention_section(asked).left_out == "no bag with cells was held out by any fold."


def test_without_compounds_there_are_maps_and_no_galleries(toy_explanation):
    asked = toy_explanation()
    scores = asked.scores.drop(columns="Metadata_pert_iname")
    section = attention_section(dataclasses.replace(asked, scores=scores))

    assert "No compound is named" in section.html
    assert section.html.count("<img") == 6


def colours(png):
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), 1), cv2.COLOR_BGR2RGB)


CELLS = pd.DataFrame({"x_px": [20.0, 70.0], "y_px": [50.0, 50.0], "attention": [0.1, 3.0]})


def test_the_more_attended_cell_is_the_brighter_dot():
    ground = np.zeros((100, 100, 3), np.uint8)
    shown = colours(attention_png(ground, CELLS, "attention", 0.5, "A01"))
    dark, bright = (attention_png(ground, CELLS[i : i + 1], "attention", 0.5, "") for i in (0, 1))

    assert (shown.max(axis=2) > 200).any()
    # Yellow has much red and green, dark blue has neither.
    yellow = (shown[..., 0] > 200) & (shown[..., 1] > 200) & (shown[..., 2] < 120)
    at = np.argwhere(yellow[:, : int(shown.shape[1] * 0.75)])
    assert at[:, 1].mean() > shown.shape[1] * 0.45
    assert dark != bright


def test_pictures_are_the_same_every_time():
    ground = np.full((40, 60, 3), 30, np.uint8)
    one, other = (attention_png(ground, CELLS, "attention", None, "A") for _ in range(2))

    assert one == other


def test_cells_without_attention_do_not_stop_a_map():
    cells = CELLS.assign(attention=np.nan)

    assert attention_png(np.zeros((100, 100, 3), np.uint8), cells, "attention", None, "A")


def test_a_sheet_keeps_the_pixels_of_its_crops():
    sheet = np.full((40, 500, 3), 90, np.uint8)
    shown = colours(sheet_png(sheet, 40, None, "A"))

    assert shown.shape[:2] == (70, 500)
    assert (shown[35:, 100:] == 90).mean() > 0.99
    assert colours(sheet_png(sheet, 40, None, "A", scale=2)).shape[:2] == (110, 1000)


def test_the_page_holds_a_picture_as_jpeg_with_words():
    png = attention_png(np.zeros((40, 60, 3), np.uint8), CELLS, "attention", None, "A")
    picture = page_picture(png, "A field.")

    assert picture.uri.startswith("data:image/jpeg;base64,")
    assert (picture.alt, picture.width_px) == ("A field.", colours(png).shape[1])

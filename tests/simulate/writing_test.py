"""Pixels follow from config, seed and key alone; a stopped run ends as an undisturbed one."""

import dataclasses

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.simulate import workers, writing
from cellscreen.simulate.config import AC16, SCREEN, CultureConfig
from cellscreen.simulate.layout import fields
from cellscreen.simulate.render import render_field
from cellscreen.simulate.scene import draw_scene, measures

SMALL = CultureConfig(
    wells=2, sites=2, size_px=128, lines=(dataclasses.replace(AC16, culture_hours=(48,)),)
)


def contents(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_writes_gray_images_and_tables(tmp_path):
    table = writing.simulate(SMALL, tmp_path)
    written = pd.read_csv(tmp_path / "images.csv")
    assert list(written["path"]) == list(table["path"])
    assert written["simulated"].all()
    image = cv2.imread(str(tmp_path / written["path"][0]), cv2.IMREAD_UNCHANGED)
    assert image.shape == (128, 128)
    assert image.dtype == np.uint8
    truth = pd.read_csv(tmp_path / "oracle.csv")
    assert list(truth["key"]) == [field.key for field in fields(SMALL)]
    assert "truth.csv" not in (tmp_path / "images.csv").read_text()
    assert not (tmp_path / "truth.csv").exists()


def test_a_screen_writes_its_truth_apart(tmp_path):
    config = CultureConfig(kind=SCREEN, size_px=64, cells=2.0, control_wells=2, lines=(AC16,))
    config = dataclasses.replace(config, compounds=3, protectors=1, one_line=0, toxic=1)
    writing.simulate(config, tmp_path)
    assert list(pd.read_csv(tmp_path / "truth.csv")["pert_iname"]) == [
        "compound-01",
        "compound-02",
        "compound-03",
    ]
    assert not {"kind", "ec50_um"} & set(pd.read_csv(tmp_path / "images.csv"))


def test_a_stopped_run_goes_on_and_ends_identical(tmp_path, monkeypatch):
    writing.simulate(SMALL, tmp_path / "whole")
    calls = iter(range(100))

    def stopping(*arguments):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return render_field(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(writing, "render_field", stopping)
        with pytest.raises(KeyboardInterrupt):
            writing.simulate(SMALL, tmp_path / "stopped")
    plate = tmp_path / "stopped" / "AC16-48h-normoxia-b1"
    assert len(list(plate.iterdir())) == 3
    assert not (tmp_path / "stopped" / "images.csv").exists()
    (plate / ".B01_s1.half.png").write_bytes(b"left by a killed run")
    writing.simulate(SMALL, tmp_path / "stopped")
    assert contents(tmp_path / "stopped") == contents(tmp_path / "whole")


def test_workers_make_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_IN_ONE_PROCESS", 0)
    writing.simulate(SMALL, tmp_path / "two", workers=2)
    writing.simulate(SMALL, tmp_path / "one", workers=1)
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_a_whole_simulation_is_not_made_again(tmp_path, monkeypatch):
    writing.simulate(SMALL, tmp_path)
    monkeypatch.setattr(writing, "write_field", None)
    assert len(writing.simulate(SMALL, tmp_path)) == 8


def test_another_simulation_in_the_folder_is_refused(tmp_path):
    writing.simulate(SMALL, tmp_path)
    with pytest.raises(ConfigError, match=r"begun with other parameters.*simulation.json"):
        writing.simulate(dataclasses.replace(SMALL, seed=1), tmp_path)


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "my.png").write_bytes(b"")
    with pytest.raises(ConfigError, match="new or empty folder, got one with other files"):
        writing.simulate(SMALL, tmp_path)


def test_pixels_depend_on_seed_and_key():
    first, second = fields(SMALL)[:2]
    image = render_field(SMALL, first)
    np.testing.assert_array_equal(image, render_field(SMALL, first))
    assert (image != render_field(SMALL, second)).mean() > 0.5
    assert (image != render_field(dataclasses.replace(SMALL, seed=1), first)).mean() > 0.5


def test_hypoxia_changes_shapes_and_neither_number_nor_places_of_cells():
    field = dataclasses.replace(fields(SMALL)[0], hours=72.0)
    hypoxic = dataclasses.replace(field, condition="hypoxia")
    before, after = draw_scene(SMALL, field), draw_scene(SMALL, hypoxic)
    np.testing.assert_array_equal(before.centres, after.centres)
    np.testing.assert_array_equal(before.dead, after.dead)
    normal, changed = measures(SMALL, field, before), measures(SMALL, hypoxic, after)
    assert changed["nuclear_area_um2"] > 1.2 * normal["nuclear_area_um2"]
    assert changed["roundness"] > normal["roundness"]


def test_toxic_compounds_kill_and_protectors_keep_the_form():
    config = CultureConfig()
    base = dataclasses.replace(fields(config)[0], condition="hypoxia", hours=48.0)
    toxic = dataclasses.replace(base, toxic=True)
    protected = dataclasses.replace(base, protection=1.0)
    plain, poisoned = draw_scene(config, base), draw_scene(config, toxic)
    assert len(poisoned.centres) < 0.7 * len(plain.centres)
    assert len(poisoned.dead) > len(plain.dead)
    assert draw_scene(config, protected).conversion.mean() < 0.1 < plain.conversion.mean()

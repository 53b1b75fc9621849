import dataclasses

import cv2
import numpy as np
import pytest

from cellscreen.simulate.hcs_cells import draw_hcs_scene
from cellscreen.simulate.hcs_config import CELL_PAINTING, CONFIGS, TRANSLOCATION, HcsConfig
from cellscreen.simulate.hcs_maps import draw_maps
from cellscreen.simulate.hcs_plate import HcsField, hcs_fields
from cellscreen.simulate.hcs_render import OFFSET, render_hcs_field, vignette, vignette_terms

CONFIG = HcsConfig(compounds=3, doses=1, replicates=1, control_wells=2, size_px=96, sites=2)
FIELDS = list(hcs_fields(CONFIG))


@pytest.mark.parametrize("kind", list(CONFIGS))
def test_every_kind_has_its_channels(kind):
    config = dataclasses.replace(CONFIGS[kind], size_px=64)
    images = render_hcs_field(config, next(hcs_fields(config)))
    assert images.shape == (len(config.assay.channels), 64, 64)
    assert images.dtype == np.uint16
    assert all(image.std() > 0 for image in images)


def test_a_field_does_not_depend_on_those_before_it():
    alone = render_hcs_field(CONFIG, FIELDS[7])
    for field in FIELDS[:3]:
        render_hcs_field(CONFIG, field)
    np.testing.assert_array_equal(render_hcs_field(CONFIG, FIELDS[7]), alone)
    assert not np.array_equal(render_hcs_field(CONFIG, FIELDS[6]), alone)
    other = dataclasses.replace(CONFIG, seed=1)
    assert not np.array_equal(render_hcs_field(other, FIELDS[7]), alone)


def test_pixels_are_the_committed_ones():
    """Other pixels from the same parameters need a higher `HcsConfig.version`."""
    images = render_hcs_field(CONFIG, FIELDS[0]).astype(float)
    assert CONFIG.version == 1
    np.testing.assert_allclose(images.mean(axis=(1, 2)), PINNED_MEANS, rtol=1e-3)


PINNED_MEANS = [1395.275, 2195.761, 1835.327]


def test_shapes_and_places_are_drawn_before_the_compound_matters():
    treated = _treated(1.0)
    vehicle = dataclasses.replace(treated.well, compound=None, concentration_um=float("nan"))
    with_it, without = (
        draw_hcs_scene(CONFIG, field) for field in (treated, HcsField(vehicle, treated.site, 0))
    )
    np.testing.assert_array_equal(with_it.centres, without.centres)
    assert with_it.affected.all()
    assert not without.affected.any()
    assert with_it.level("mito").mean() < without.level("mito").mean() - 0.4
    assert with_it.dead.sum() > without.dead.sum()


def test_a_fraction_of_the_cells_is_affected():
    affected = np.concatenate(
        [
            draw_hcs_scene(CONFIG, HcsField(_treated(0.3).well, site, 0)).affected
            for site in range(20)
        ]
    )
    assert 0.25 < affected.mean() < 0.35


def test_severity_is_that_of_affected_cells_only():
    scene = draw_hcs_scene(CONFIG, _treated(0.5))
    assert (scene.severity[scene.affected] > 0).all()
    assert (scene.severity[~scene.affected] == 0).all()


def test_nuclei_lie_in_their_own_cells():
    scene = draw_hcs_scene(CONFIG, FIELDS[0])
    maps = draw_maps(scene, CONFIG.size_px, CONFIG.assay.um_per_px)
    inside = maps.nuclei > 0
    np.testing.assert_array_equal(maps.cells[inside], maps.nuclei[inside])
    for number in np.unique(maps.nuclei)[1:]:
        assert not scene.dead[number - 1]
        x, y = np.rint(scene.centres[number - 1]).astype(int)
        if 0 <= x < CONFIG.size_px and 0 <= y < CONFIG.size_px:
            assert maps.nuclei[y, x] > 0
    assert (maps.away_um[inside] == 0).all()
    assert (maps.rim_um[maps.cells == 0] == 0).all()


def test_the_vignette_has_mean_one_and_its_terms():
    light = vignette(CONFIG, 1)
    assert light.mean() == pytest.approx(1, abs=1e-6)
    (constant,), (x, y), (xx, _, yy) = vignette_terms(CONFIG, 1)
    edge = -0.5 + 0.5 / 96
    assert light[0, 0] == pytest.approx(constant + (x + y) * edge + (xx + yy) * edge**2, abs=1e-6)
    assert light[48, 48] > light[0, 0]


def test_twelve_bits_are_sixteen_scaled_down():
    deep = render_hcs_field(CONFIG, FIELDS[0]).astype(float)
    flat = render_hcs_field(dataclasses.replace(CONFIG, bit_depth=12), FIELDS[0])
    assert flat.max() <= 4095
    np.testing.assert_allclose(flat, deep / 16, atol=0.51)


def test_light_above_the_sensors_ceiling_is_cut_off():
    bright = dataclasses.replace(CONFIG.assay.channels[0], level=200_000)
    assay = dataclasses.replace(CONFIG.assay, channels=(bright, *CONFIG.assay.channels[1:]))
    images = render_hcs_field(dataclasses.replace(CONFIG, assay=assay), FIELDS[0])
    assert images[0].max() == 65535
    assert (images[0] == 65535).mean() > 0.01


def test_noise_is_that_of_photons_and_the_camera():
    """Without cells a channel is its background, with the variance of its photons."""
    empty = dataclasses.replace(CONFIG.assay, cells_per_mm2=1e-9)
    config = dataclasses.replace(CONFIG, assay=empty, debris_per_mm2=0, vignette=0, vignette_sd=0)
    scene = draw_hcs_scene(config, FIELDS[0])
    dead = dataclasses.replace(scene, dead=np.ones_like(scene.dead), centres=scene.centres - 1e4)
    image = render_hcs_field(config, FIELDS[0], dead)[2].astype(float)
    level = 420 - OFFSET
    assert image.mean() - OFFSET == pytest.approx(level * scene.nuisance.glows[2], rel=0.02)
    electrons = (image.mean() - OFFSET) * config.electrons_per_level
    expected = (electrons + config.read_noise_e**2) / config.electrons_per_level**2
    assert image.var() == pytest.approx(expected + 1 / 12, rel=0.1)


def test_an_unfocused_field_loses_its_detail():
    config = dataclasses.replace(CONFIG, unfocused=1.0)
    sharp, blurred = (render_hcs_field(c, FIELDS[0])[0] for c in (CONFIG, config))
    assert _detail(blurred) < 0.6 * _detail(sharp)


def test_a_compound_that_glows_lifts_the_background_of_one_channel():
    field = _treated(0.0)
    well = dataclasses.replace(
        field.well, compound=dataclasses.replace(field.well.compound, autofluorescent=True)
    )
    plain, glowing = (
        draw_hcs_scene(CONFIG, each).nuisance.glows for each in (field, HcsField(well, 1, 0))
    )
    assert glowing[0] == pytest.approx(plain[0] * (1 + CONFIG.effects.glow))
    np.testing.assert_array_equal(glowing[1:], plain[1:])


def test_the_reporter_moves_into_the_nucleus():
    config = dataclasses.replace(CONFIGS[TRANSLOCATION], size_px=64)
    fields = list(hcs_fields(config))
    rest = next(field for field in fields if field.well.control_type == "negcon")
    moved = next(field for field in fields if field.well.control_type == "poscon")
    assert draw_hcs_scene(config, rest).reporter_ratio.mean() < 0.8
    assert draw_hcs_scene(config, moved).reporter_ratio.mean() > 2.0


def test_paintings_have_the_channels_of_cpjump1():
    names = [channel.name for channel in CONFIGS[CELL_PAINTING].assay.channels]
    assert names == ["Mito", "AGP", "RNA", "ER", "DNA"]


def _treated(fraction):
    """A field of the strongest compound, which affects this share of the cells."""
    field = next(field for field in FIELDS if field.well.control_type == "poscon")
    compound = dataclasses.replace(field.well.compound, top=fraction, ec50_um=1e-6, killed=0.3)
    return HcsField(dataclasses.replace(field.well, compound=compound), 1, 0)


def _detail(image):
    return cv2.Laplacian(image.astype(np.float32), cv2.CV_32F).std()

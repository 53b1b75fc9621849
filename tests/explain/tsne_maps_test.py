import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score

from cellscreen.explain import tsne_maps
from cellscreen.explain.tsne_maps import profile_map, profile_maps, silhouette_table


def _wells(apart, count=6, compounds="abc", seed=0, features=4):
    rng, names = np.random.default_rng(seed), np.repeat(list(compounds), count)
    values = rng.normal(size=(len(names), features))
    values[:, 0] += apart * np.searchsorted(list(compounds), names)
    metadata = pd.DataFrame(
        {
            "Metadata_Plate": "P",
            "Metadata_Well": [f"A{number:02d}" for number in range(len(names))],
            "Metadata_pert_iname": names,
        }
    )
    return metadata.join(pd.DataFrame(values).add_prefix("Nuclei_MID_"))


def test_the_silhouette_is_that_of_standardised_features_in_full():
    wells = _wells(2.0)
    values = wells.filter(like="Nuclei").to_numpy()
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    expected = silhouette_score(standard, wells["Metadata_pert_iname"])
    found = profile_map(wells, draw=False)
    assert found.silhouette == pytest.approx(expected)
    assert found.points["x"].isna().all()
    assert np.isnan(found.silhouette_map)


def test_compounds_apart_have_a_higher_silhouette_in_space_and_map():
    near, far = profile_map(_wells(0.0)), profile_map(_wells(100.0, features=1))
    assert near.silhouette < 0.1
    assert far.silhouette > 0.9
    assert far.silhouette_map > near.silhouette_map
    assert np.isfinite(far.points[["x", "y"]].to_numpy()).all()


def test_the_same_seed_draws_the_same_map():
    pd.testing.assert_frame_equal(profile_map(_wells(2.0)).points, profile_map(_wells(2.0)).points)


def test_features_that_do_not_vary_or_are_undefined_are_counted_not_used():
    odd = _wells(2.0).assign(constant=5.0, undefined=[np.nan] + [1.0] * 17, huge=1e9)
    found, plain = profile_map(odd, draw=False), profile_map(_wells(2.0), draw=False)
    assert (found.features, found.left_out) == (4, 3)
    assert found.silhouette == pytest.approx(plain.silhouette)


def test_a_plates_own_offset_does_not_set_compounds_apart():
    wells = _wells(0.0, compounds="abcd")
    wells["Metadata_Plate"] = np.where(np.arange(24) % 2, "P", "Q")
    moved = wells.copy()
    moved.loc[moved["Metadata_Plate"] == "Q", "Nuclei_MID_0"] += 1000
    assert profile_map(moved, draw=False).silhouette == pytest.approx(
        profile_map(wells, draw=False).silhouette
    )


@pytest.mark.parametrize(
    ("wells", "reason"),
    [
        (_wells(0.0, compounds="a"), "1 compound, two are needed"),
        (_wells(0.0, count=1), "no compound has two profiles"),
        (_wells(0.0).iloc[:, :3].assign(f=1.0), "no feature varies"),
        (_wells(0.0).assign(Metadata_control_type="negcon"), "no feature varies"),
    ],
)
def test_an_undefined_silhouette_is_nan_and_says_why(wells, reason):
    found = profile_map(wells)
    assert np.isnan(found.silhouette)
    assert found.reason == reason


def test_many_profiles_are_thinned_the_same_way(monkeypatch):
    monkeypatch.setattr(tsne_maps, "MOST_POINTS", 10)
    first, second = (profile_map(_wells(2.0), draw=False).points for _ in range(2))
    assert len(first) == 10
    pd.testing.assert_frame_equal(first, second)


def test_each_net_has_its_own_silhouette_and_figures_are_averaged():
    one, two = _wells(100.0, features=1), _wells(0.0, seed=1, features=1)
    both = pd.concat([one.assign(Metadata_fold=0), two.assign(Metadata_fold=1)])
    # The second net turns all coordinates round: that must not matter.
    both.loc[both["Metadata_fold"] == 1, "Nuclei_MID_0"] *= -7
    maps = profile_maps({"MID": both}, drawn=0)
    found = silhouette_table(maps).set_index("fold")
    alone = [profile_map(part, draw=False).silhouette for part in (one, two)]
    assert found.loc[["0", "1"], "silhouette"].tolist() == pytest.approx(alone)
    assert found.loc["mean", "silhouette"] == pytest.approx(np.mean(alone))
    assert found.loc["mean", "silhouette_sd"] == pytest.approx(np.std(alone, ddof=1))


def test_a_net_without_a_silhouette_is_counted_not_averaged():
    wells = _wells(2.0)
    wells["Metadata_fold"] = (wells["Metadata_pert_iname"] == "c").astype(int)
    found = silhouette_table(profile_maps({"MID": wells}, drawn=0)).set_index("fold")
    assert found.loc["mean", "silhouette"] == found.loc["0", "silhouette"]
    assert found.loc["mean", "reason"] == "1 of 2 nets undefined"
    assert np.isnan(found.loc["mean", "silhouette_sd"])


def test_the_map_is_drawn_of_the_largest_space_only():
    wells = _wells(2.0)
    wells["Metadata_fold"] = (wells["Metadata_pert_iname"] != "c").astype(int)
    small, large = profile_maps({"MID": wells})["MID"]
    assert (small.fold, large.fold) == (0, 1)
    assert small.points["x"].isna().all()
    assert large.points["x"].notna().all()

"""The crop net's mean embedding of every bag, and what a logistic regression reads from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.comparators.crop_net import CropNet
from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.comparators.plate_normalise import normalised
from cellscreen.comparators.tabular import logistic
from cellscreen.comparators.unit_features import NEGCON, UnitFeatures
from cellscreen.fitting import run_folder
from cellscreen.fitting.fit import CHECKPOINTS
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.pipelines.bags import whole_bags
from cellscreen.pipelines.folds import held_out_folds
from cellscreen.plates.columns import CONTROL_TYPE
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

PROFILES = "profiles.parquet"
FEATURE = "Nuclei_CropNet_{:04d}"


def crop_net_answers(
    net: CropNet, classes: tuple[str, ...], folder: Path, watch: Watch = UNWATCHED
) -> pd.DataFrame:
    """Out-of-fold answers of mean embeddings with a logistic regression, a net a fold.

    Embeddings are normalised to the plate's negative controls, as features are. A fold whose
    `profiles.parquet` is there is not trained again; its net is `model.keras` beside it.

    Args:
        net: what is trained.
        classes: class names of the task.
        folder: gets a folder a fold.
        watch: how fits are watched and saved.

    Returns:
        `key, group, fold, label, p_<class>…`, as the run's own predictions.

    Example:
        >>> crop_net_answers(CropNet(index, manifest, config), classes, folder)  # doctest: +SKIP
    """
    profiles = {
        fold: _profiles(net, fold, run_folder.fold_folder(folder, fold), watch)
        for fold in held_out_folds(net.manifest)
    }

    def columns_of(fold: int) -> pd.DataFrame:
        return normalised(_units(net, profiles[fold]), net.manifest, fold)

    return out_of_fold(net.manifest, columns_of, logistic, classes)


def mean_embeddings(net: CropNet, model: keras.Model) -> np.ndarray:
    """The mean embedding of every bag, `(bags, units)` float32; NaN where it has no cells."""
    inference = SetInference(model, 1, InferenceConfig())
    found = np.full((len(net.index.bags), inference.units), np.nan, np.float32)
    for row, crops in whole_bags(net.index):
        if len(crops):
            found[row] = inference.embed(crops).mean(axis=0)
    return found


def _profiles(net: CropNet, fold: int, folder: Path, watch: Watch) -> pd.DataFrame:
    """A fold's profiles, a row a bag: `Metadata_*`, then the embedding."""
    path = folder / PROFILES
    if path.is_file():
        return pd.read_parquet(path)
    model = net.train(fold, folder, watch)
    run_folder.save_model(model, folder / run_folder.MODEL)
    values = mean_embeddings(net, model)
    names = [FEATURE.format(number) for number in range(values.shape[1])]
    metadata = net.manifest.filter(like="Metadata_").assign(Metadata_key=net.manifest["key"])
    frame = pd.concat([metadata, pd.DataFrame(values, metadata.index, names)], axis=1)
    with replacing(path) as temporary:
        frame.to_parquet(temporary)
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return frame


def _units(net: CropNet, profiles: pd.DataFrame) -> UnitFeatures:
    keyed = profiles.set_axis(net.manifest["key"], axis=0)
    control = keyed.get(CONTROL_TYPE, pd.Series("", index=keyed.index))
    features = keyed[[name for name in keyed if not str(name).startswith("Metadata_")]]
    return UnitFeatures(
        features=features.astype(float),
        cells=net.index.bags["cells"].set_axis(keyed.index),
        plates=keyed["Metadata_Plate"].astype(str),
        negcon=control == NEGCON,
        rows=net.manifest["key"],
    )

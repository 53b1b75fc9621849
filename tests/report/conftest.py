"""Small finished runs, votes and images for the report, and a reader of its HTML."""

import html.parser
import json

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.judging.metrics import METRICS
from cellscreen.screening.config import VoteConfig
from cellscreen.screening.hits import write_votes
from cellscreen.screening.votes import vote

FOLDS = 3
VOID = {"meta", "link", "img", "br"}
SUMMARY = {
    "task": "hypoxia",
    "classes": ["normoxia", "hypoxia"],
    "net": "plain",
    "group": "AC16 48 h",
    "fold_by": "well",
    "folds": FOLDS,
    "leaky": False,
    "simulated": False,
    "n_images": 12,
    "n_groups": 6,
    "below_baseline": [],
    "warnings": ["Only 3 groups in the smaller class: the spread is uncertain."],
    "versions": {"cellscreen": "0.1.0", "tensorflow": "2.21.0"},
}


class _Reader(html.parser.HTMLParser):
    """Collects what tests ask of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.headings, self.tables = [], [], [], []
        self.texts, self.section = {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = dict(attributes)["id"]
        if tag == "table":
            self.tables.append((self.section, []))
        if tag == "tr":
            self.tables[-1][1].append([])
        if tag in ("th", "td"):
            self.tables[-1][1][-1].append("")
        if tag in ("h1", "h2", "h3"):
            self.headings.append([tag, ""])

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "section":
            self.section = None

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.texts[self.section] = self.texts.get(self.section, "") + data
        if {"th", "td"} & set(self.open):
            self.tables[-1][1][-1][-1] += data.replace("\n", " ").strip() + " "
        if {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1][1] += data

    def text(self, section):
        return " ".join(self.texts[section].split())

    def row(self, section, name):
        """The first row of a section's tables that has a cell `name`, as its other cells."""
        rows = [row for where, table in self.tables if where == section for row in table]
        cells = [[" ".join(cell.split()) for cell in row] for row in rows]
        return next(row for row in cells if name in row)


@pytest.fixture(scope="session")
def read_page():
    return _Reader


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory):
    """Returns a function that writes a finished run of three folds with four images each."""

    def write(name="ac16", **summary):
        folder = tmp_path_factory.mktemp("runs") / name
        folder.mkdir(parents=True)
        manifest = pd.DataFrame(
            {
                "key": [f"p/A{well:02d}/{site}" for well in range(6) for site in (1, 2)],
                "group": [f"p/A{well:02d}" for well in range(6) for _ in (1, 2)],
                "fold": np.repeat([0, 1, 2], 4),
                "label": [0, 0, 1, 1] * 3,
                "trained": True,
            }
        )
        scores = np.array([0.1, 0.2, 0.8, 0.9] * 2 + [0.1, 0.7, 0.8, 0.9])
        extra = {"key": ["p/B01/1", "p/C01/1"], "fold": [0, -1]}
        extra = pd.DataFrame(extra | {"label": [1, 1], "trained": [False, True]})
        pd.concat([manifest, extra]).to_csv(folder / "folds.csv", index=False)
        for fold in range(FOLDS):
            part = folder / f"fold_{fold}"
            part.mkdir()
            rows = manifest["fold"] == fold
            predictions = manifest[rows][["key", "label"]].assign(p_hypoxia=scores[rows])
            if fold == 0:
                predictions.loc[len(predictions)] = ["p/B01/1", 1, 0.01]
            predictions.to_csv(part / "predictions.csv", index=False)
            history = pd.DataFrame({"epoch": [0, 1, 2], "loss": [0.7, 0.4, 0.2 + fold / 100]})
            history.assign(accuracy=[0.5, 0.8, 0.9]).to_csv(part / "history.csv", index=False)
        _metrics().to_csv(folder / "metrics.csv", index=False)
        (folder / "config.json").write_text('{"fit": {"epochs": 3}}')
        (folder / "run.json").write_text(json.dumps(SUMMARY | summary))
        return folder

    return write


def _metrics():
    """Net 0.9, 0.8, 0.7 and majority class 0.5 in every fold; precision and position undefined.

    Pooled, each is its first fold's, 0.05 more or less.
    """
    rows = []
    values = {"plain": [0.9, 0.8, 0.7], "majority_class": [0.5] * 3, "well_position": [np.nan] * 3}
    for model, folds in values.items():
        for metric in METRICS:
            own = [np.nan] * 3 if (model, metric) == ("majority_class", "precision") else folds
            named = dict(zip("012", own, strict=True))
            named |= {"pooled": own[0], "mean": np.mean(own), "sd": np.std(own, ddof=1)}
            rows += [(model, fold, metric, value) for fold, value in named.items()]
    table = pd.DataFrame(rows, columns=["model", "fold", "metric", "value"])
    pooled = table["value"].where(table["fold"] == "pooled")
    return table.assign(low=pooled - 0.05, high=pooled + 0.05)


@pytest.fixture(scope="session")
def votes_folder(tmp_path_factory):
    """Returns a function that writes a vote; `good` is active, `single` has one cell line only."""

    def write(better="good", simulated=False):
        random = np.random.default_rng(0)
        parts = []
        for line in ("AC16", "H9C2"):
            names = ["DMSO"] * 24 + [better] * 5 + ["idle"] * 5 + ["poor"] * 5
            scores = [
                random.uniform(0.6, 0.8, 24),
                random.uniform(0.1, 0.2, 5),
                [0.6, 0.62, 0.69, 0.78, 0.79],
            ]
            scores += [[0.75 if line == "AC16" else 0.9] * 5]
            if line == "AC16":
                names, scores = [*names, "single"], [*scores, [0.1]]
            parts.append(_scores(line, names, np.concatenate(scores), simulated))
        folder = tmp_path_factory.mktemp("votes")
        config = VoteConfig(permutations=2000, bootstraps=100)
        write_votes(vote(pd.concat(parts, ignore_index=True), config), folder)
        return folder

    return write


def _scores(line, names, scores, simulated):
    wells = [f"dish-{n:02d}" for n in range(len(names))]
    is_control = np.array(names) == "DMSO"
    table = pd.DataFrame({"Metadata_Plate": line, "Metadata_Well": wells, "Metadata_Site": "1"})
    return table.assign(
        Metadata_cell_line=line,
        Metadata_condition="hypoxia",
        Metadata_batch="b1",
        Metadata_pert_iname=names,
        Metadata_concentration_um=np.where(is_control, np.nan, 10.0),
        Metadata_control_type=np.where(is_control, "negcon", "trt"),
        Metadata_simulated=simulated,
        key=[f"{line}/{well}/1" for well in wells],
        level="image",
        model_id=line,
        fold=pd.array([pd.NA] * len(names), dtype="Int64"),
        n_images=1,
        Score_hypoxia_hypoxia=scores,
        Score_hypoxia_hypoxia_sd=np.nan,
    )


@pytest.fixture(scope="session")
def images_folder(tmp_path_factory):
    """Returns a function that writes four fields of two conditions, a disc in each."""

    def write(**columns):
        folder = tmp_path_factory.mktemp("images") / "cultures"
        folder.mkdir()
        rows = []
        for number, condition in enumerate(["normoxia"] * 2 + ["hypoxia"] * 2, start=1):
            image = np.full((400, 90), 100, np.uint8)
            cv2.circle(image, (45, 200), 20, 180, -1)
            cv2.imwrite(str(folder / f"{number}.png"), image)
            row = {"path": f"{number}.png", "plate": condition, "well": f"A{number}", "site": 1}
            rows.append(row | {"cell_line": "AC16", "condition": condition, "hours": 48})
        table = pd.DataFrame(rows).assign(batch="b1", **columns)
        table.to_csv(folder / "images.csv", index=False)
        return folder

    return write

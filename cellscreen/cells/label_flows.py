"""Flows from a label image, made as Cellpose makes those that it trains its nets on."""

from __future__ import annotations

import numpy as np

from cellscreen.cells import kernels_flows as kernel
from cellscreen.cells.feature_input import checked_labels
from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.threads import Threads

FLOW_LENGTH = 5.0  # Cellpose trains on five times a unit vector
LOGIT = 5.0  # ours: labels are certain, and a logit of certainty is infinite


def flows_of_labels(labels: np.ndarray) -> np.ndarray:
    """The flow of every object towards its middle, and what is an object at all.

    Stringer et al. 2021 (Cellpose), Methods, "Auxiliary vector flow representation": heat spreads
    within the object from the pixel nearest to the median of its pixels, for twice the sum of its
    height and width in steps; the flow is the gradient of the heat, here of its logarithm as in
    Cellpose's code, normalised to one length. These are the flows of a net that makes no error on
    these labels, not those of a net that looked at the image: Cellpose's own may differ at dim
    edges and between touching cells.

    Args:
        labels: `(height, width)` whole numbers, 0 the ground. Numbers may have gaps. Of an object
            in several pieces only that with the middle has a flow.

    Returns:
        `(3, height, width)` float32: flow in y, flow in x, 5 long within objects, and the cell
        probability before the sigmoid, 5 within objects and -5 elsewhere. The flow is 0 where
        there is no slope: in the middle of a symmetrical object, and on the ground.

    Raises:
        ImageError: labels are no whole numbers, or below 0.

    Example:
        >>> flows_of_labels(np.array([[0, 7, 7, 7, 0]]))[1].tolist()
        [[0.0, 5.0, 0.0, -5.0, 0.0]]
    """
    labels = checked_labels(labels)
    flows = np.zeros((3, *labels.shape), np.float32)
    with Threads(1) as threads:  # fields are worked on side by side already
        objects = find_runs(labels, threads)
    ends = objects.first_pixels
    kernel.write_flows(0, len(objects), objects.pixels, ends, objects.boxes, flows[:2])
    flows[:2] *= FLOW_LENGTH
    flows[2] = np.where(labels > 0, LOGIT, -LOGIT)
    return flows

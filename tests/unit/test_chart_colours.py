"""The colours of charts, as people with any colour vision see them."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from fmo_bot.charts import ageing, cycle_time, style, throughput, waiting

# Machado, Oliveira and Fernandes (2009), severity 1: what linear RGB becomes for an eye without one kind of cones.
EYES = {
    "all": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TOGETHER = {
    "burn-up": {style.BLUE, style.VERMILLION},
    "cycle time": {style.BLUE, style.VERMILLION, style.INK},
    "throughput": {style.BLUE, style.PAPER},
    "ageing": {style.BLUE, style.VERMILLION, ageing._UNTIL_P50},
    "waiting": {color for color, _ in waiting._FACES.values()},
}


def lab(color: str, eye: str) -> Any:
    """CIE L*a*b* (D65) of a colour as an eye sees it."""
    srgb = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(EYES[eye] @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ seen / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("picture", TOGETHER)
def test_colours_of_one_picture_are_far_apart_for_every_eye(picture: str, eye: str) -> None:
    for one, other in combinations(sorted(TOGETHER[picture]), 2):
        distance = float(np.linalg.norm(lab(one, eye) - lab(other, eye)))
        assert distance > 12, (one, other, round(distance))  # 2.3 is just noticeable


def test_what_differs_in_colour_differs_in_form_as_well() -> None:
    hatches = [hatch for kind, (_, hatch) in waiting._FACES.items() if kind not in ("vendor", "unknown")]
    assert "" not in hatches
    assert len(set(hatches)) == len(hatches)
    assert len({str(look["marker"]) + str(look["color"] == style.PAPER) for look in ageing._MARKS.values()}) == 3
    assert len({str(stroke) for stroke, _ in cycle_time._STROKES.values()}) == 3
    assert throughput._PARTIAL["hatch"]

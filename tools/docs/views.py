"""Makes the pictures of the views: ``python tools/docs/views.py``.

They are drawn from the same tubes that the node `leg_markers` publishes, at a moment of a simulated
session; RViz and Foxglove show the same shapes.
"""

from __future__ import annotations

import math
from pathlib import Path

import matplotlib as mpl

mpl.use('Agg')

import matplotlib.pyplot as plt
import numpy as np
from mpl_toolkits.mplot3d.art3d import Poly3DCollection
from PIL import Image
from transforms3d.quaternions import quat2mat

from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.views.posture import Posture
from compression_boot_control.views.sleeve_geometry import Known, Tube, sleeve_chambers, tube

FIGURES = Path(__file__).resolve().parents[2] / 'docs' / 'figures'
SIDES = 28

WAVE_MMHG = {'foot': 60.0, 'ankle': 55.0, 'calf': 50.0, 'knee': 22.0, 'thigh': 0.0}
"""Pressures while a wave has reached the knee."""


def tubes(posture: Posture, known: Known, missing: str = '') -> list[Tube]:
    """Tubes of the default garment in the middle of a wave."""
    garment = load_garment()
    chambers = sleeve_chambers(
        garment.chamber_names,
        garment.legs,
        garment.zones,
        garment.zone_order,
        garment.rest_volume,
        garment.compliance,
    )
    zones = dict(zip(garment.chamber_names, garment.zones, strict=True))
    return [
        tube(
            chamber,
            math.nan if chamber.name == missing else WAVE_MMHG[zones[chamber.name]] * MMHG,
            known,
            posture,
        )
        for chamber in chambers
    ]


def faces(shown: Tube) -> list[np.ndarray]:
    """Sides of a cylinder as quadrangles in space."""
    angle = np.linspace(0.0, 2.0 * np.pi, SIDES + 1)
    circle = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
    turn = quat2mat(shown.orientation)
    half = 0.5 * shown.length * np.array([0.0, 0.0, 1.0])
    rings = [(shown.radius * circle + offset) @ turn.T + shown.position for offset in (-half, half)]
    low, high = rings
    sides = [np.array([low[i], low[i + 1], high[i + 1], high[i]]) for i in range(SIDES)]
    return [*sides, low, high]


def draw(axes: plt.Axes, shown: list[Tube], title: str) -> None:
    """Draw tubes with their labels."""
    for each in shown:
        axes.add_collection3d(
            Poly3DCollection(
                faces(each), facecolor=each.colour, edgecolor=(0.2, 0.2, 0.2, 0.15), linewidth=0.3
            )
        )
        x, y, z = each.position
        axes.text(x, y, z + each.radius + 0.06, each.label, ha='center', fontsize=8)
    axes.set_title(title, fontsize=10)
    axes.set_xlim(-0.1, 1.1)
    axes.set_ylim(-0.6, 0.6)
    axes.set_zlim(-0.6, 0.6)
    axes.set_box_aspect((1, 1, 1), zoom=1.7)
    axes.view_init(elev=28, azim=-120)
    axes.set_axis_off()


def main() -> None:
    """Draw the views."""
    figure = plt.figure(figsize=(10.5, 4.2))
    views = (
        (tubes(Posture.lying(), Known.FRESH), 'lying'),
        (tubes(Posture.seated(), Known.FRESH), 'seated, knees at 90°'),
        (tubes(Posture.lying(), Known.STALE, 'left_calf'), 'stale; one sensor unknown'),
    )
    for place, (shown, title) in enumerate(views, 1):
        draw(figure.add_subplot(1, 3, place, projection='3d'), shown, title)
    figure.subplots_adjust(0, 0, 1, 0.93, 0, 0)
    path = FIGURES / 'legs.png'
    figure.savefig(path, dpi=110)
    with Image.open(path) as picture:
        picture.convert('RGB').quantize(96).save(path, optimize=True)
    print(f'wrote {path.relative_to(FIGURES.parents[1])}')


if __name__ == '__main__':
    main()

"""Makes the pictures of docs/: ``python tools/docs/pictures.py``.

They come from simulated sessions, so that anyone gets the same ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'src/compression_boot_control'))

from compression_boot_control.analysis.metrics import ChamberTrace  # noqa: E402
from compression_boot_control.analysis.session_plot import (  # noqa: E402
    save_session_plot,
    session_figure,
)
from compression_boot_control.hardware.garment_file import load_garment  # noqa: E402
from compression_boot_control.hardware.simulated import wearer  # noqa: E402
from compression_boot_control.plant.boots import SimulatedBoots  # noqa: E402
from compression_boot_control.plant.closed_loop import simulate_session  # noqa: E402
from compression_boot_control.sessions.protocol_compiler import compile_protocol  # noqa: E402
from compression_boot_control.sessions.protocol_library import load_protocol  # noqa: E402

FIGURES = ROOT / 'docs' / 'figures'
SEED = 1


def draw_session(protocol_name: str, path: Path) -> None:
    """Simulate a protocol on the default garment and draw it."""
    garment = load_garment()
    protocol = load_protocol(protocol_name)
    boots = SimulatedBoots(wearer(garment, SEED), SEED)
    session = simulate_session(boots, garment, compile_protocol(protocol, garment))
    trace = ChamberTrace(
        garment.chamber_names, session.time, session.pressure, session.mode, session.target
    )
    figure = session_figure(
        trace,
        title=protocol.title,
        subtitle=f'simulated boots, garment {garment.name}, seed {SEED}',
    )
    save_session_plot(path, figure)
    shrink(path)
    print(f'wrote {path.relative_to(ROOT)}')


def shrink(path: Path) -> None:
    """Keep as many colours as a plot needs, so that the file stays small."""
    with Image.open(path) as picture:
        picture.convert('RGB').quantize(96).save(path, optimize=True)


def main() -> None:
    """Draw all pictures."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    draw_session('beginner', FIGURES / 'session.png')


if __name__ == '__main__':
    main()

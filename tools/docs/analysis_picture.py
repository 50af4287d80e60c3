"""Makes the picture of a report in docs/: ``python tools/docs/analysis_picture.py``.

Simulates a session, writes its bag, makes the report of ``boots analyze`` on it, and takes a
picture of it with Chromium, without a display. Where there is no Chromium it says so and leaves the
old one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from compression_boot_control.analysis.bag_analysis import AnalysisOptions, analyse_bag
from compression_boot_control.analysis.report.page import bag_report, write_page
from compression_boot_control.analysis.report.session_section import session_section
from compression_boot_control.analysis.session_analysis import SessionAnalysis
from compression_boot_control.analysis.simulated_bag import write_simulated_bag
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.sessions.protocol_compiler import compile_protocol
from compression_boot_control.sessions.protocol_library import load_protocol

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / 'docs' / 'figures' / 'analysis_report.png'
WIDTH, HEIGHT = 1200, 2600
SEED, MINUTES = 4, 8.0
CHROMIUM = ('chromium', 'chromium-browser', 'google-chrome')
QUIET = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
    '--virtual-time-budget=8000',
)
TIMEOUT = 120.0


def report(folder: Path) -> Path:
    """Report on a simulated session."""
    garment = load_garment()
    plan = compile_protocol(load_protocol('intermediate'), garment, minutes=MINUTES)
    write_simulated_bag(folder / 'session', garment, plan, seed=SEED)
    sections: list[str] = []

    def take(session: SessionAnalysis) -> None:
        sections.append(session_section(session))

    facts = analyse_bag(folder / 'session', AnalysisOptions(), take)
    write_page(folder / 'report.html', bag_report(facts, sections))
    return folder / 'report.html'


def main() -> int:
    """Make the picture."""
    browser = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if browser is None:
        print(f'{PICTURE.relative_to(ROOT)} left as it is: there is no Chromium')
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        raw = folder / 'picture.png'
        words = [f'--screenshot={raw}', f'--window-size={WIDTH},{HEIGHT}', report(folder).as_uri()]
        subprocess.run([browser, *QUIET, *words], check=True, capture_output=True, timeout=TIMEOUT)
        with Image.open(raw) as picture:
            small = picture.convert('RGB').resize((WIDTH * 3 // 4, HEIGHT * 3 // 4), Image.LANCZOS)
            small.quantize(64).save(PICTURE, optimize=True)
    print(f'wrote {PICTURE.relative_to(ROOT)}')
    return 0


if __name__ == '__main__':
    sys.exit(main())

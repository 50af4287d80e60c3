"""What a demo leaves behind: picture and summary of its bag, and where they are."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from compression_boot_control.analysis.bag_analysis import AnalysisOptions, analyse_bag
from compression_boot_control.analysis.bag_reader import open_bag
from compression_boot_control.analysis.report.page import bag_report, write_page
from compression_boot_control.analysis.report.session_section import session_section
from compression_boot_control.analysis.session_plot import plot_bag, save_session_plot
from compression_boot_control.analysis.session_summary import render_summary, summarize_bag
from compression_boot_control.analysis.session_trace import NEEDED_TYPES

PICTURE = 'session.png'
PAGE = 'report.html'
TEXT = 'summary.txt'
JSON = 'summary.json'

TEXT_WIDTH = 100


def write_report(folder: Path, bag_folder: Path, title: str, wall_time: float) -> None:
    """Write picture and summary of a bag into a folder, and show the summary.

    Raises
    ------
    BagError
        The bag cannot be read.
    """
    with Console(stderr=True).status('reading the bag and drawing the session'):
        bag = open_bag(bag_folder, NEEDED_TYPES)
        summary = summarize_bag(bag)
        save_session_plot(folder / PICTURE, plot_bag(bag, title=title))
        sections: list[str] = []
        facts = analyse_bag(
            bag_folder,
            AnalysisOptions(),
            lambda session: sections.append(session_section(session)),
        )
        write_page(folder / PAGE, bag_report(facts, sections))
    shown = render_summary(summary, title)
    with (folder / TEXT).open('w', encoding='utf-8') as text:
        Console(file=text, width=TEXT_WIDTH, color_system=None).print(shown)
    document = json.dumps(summary.to_json(), indent=2)
    (folder / JSON).write_text(f'{document}\n', encoding='utf-8')
    output = Console()
    output.print(shown)
    lines = (
        f'{summary.duration_s / 60.0:.1f} minutes of session in {wall_time:.0f} s; it is in',
        f'  {folder}/',
        f'    {bag_folder.name + "/":14}the recording, for ros2 bag and Foxglove',
        f'    {PAGE:14}the same to look into, in a browser: zoom, cycles, tables, what each means',
        f'    {PICTURE:14}the session as a picture',
        f'    {TEXT:14}the table above; {JSON} is the same for scripts',
        '',
        'Next: start a system that stays with `boots up`, and run a session on it from a second',
        'terminal with `boots run beginner`. `boots protocols list` shows what there is to run.',
    )
    for line in lines:
        output.print(line, highlight=False, markup=False, soft_wrap=True)

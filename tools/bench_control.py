"""How well pressures are controlled, against what physics allows and beside what others do.

Prints the table, and writes docs/control_figures.md and docs/figures/control_bench.png.
Run it with ``make bench-control``; ``--garments 24`` gives a quick look.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from compression_boot_control.analysis.control_baselines import BASELINES, run_baseline
from compression_boot_control.analysis.control_bench import (
    CYCLES,
    PRESSURES_MMHG,
    PUMPS_L_PER_MIN,
    Batch,
    bench_batch,
    bench_plan,
    figures_of,
)
from compression_boot_control.analysis.control_figures import ControlFigures, control_figures
from compression_boot_control.analysis.control_tuning import tuned_batch
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MMHG
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.plant.batch_run import run_batch

ROOT = Path(__file__).resolve().parents[1]
CHUNK = 25
SEED = 20
SIDE_BY_SIDE = 16
"""Garments in the comparison, at 25 L/min and 60 mmHg: the other laws run uncompiled."""


@dataclass(frozen=True)
class Part:
    """Results of one batch."""

    defaults: list[ControlFigures]
    tuned: list[ControlFigures]
    volume_error: FloatArray
    compliance_error: FloatArray
    refused: tuple[str, ...]


def one_part(task: tuple[float, int, int]) -> Part:
    """Run all pressures on one batch, with the defaults and tuned."""
    pump, count, seed = task
    garment = load_garment('five_zone')
    batch = bench_batch(garment, pump, count, seed)
    tuning = tuned_batch(batch.parameters, batch.believed, seed)
    known = Batch(batch.parameters, tuning.believed)
    defaults, tuned = [], []
    for pressure in PRESSURES_MMHG:
        plan = bench_plan(garment, pressure)
        for sink, worn, control in ((defaults, batch, None), (tuned, known, tuning.control)):
            run = run_batch(
                worn.parameters, worn.believed, plan, CYCLES, control=control, seed=seed
            )
            sink.append(control_figures(run, plan, worn.parameters, garment.neighbours()))
    errors = tuning.volume_error, tuning.compliance_error
    return Part(defaults, tuned, *errors, tuning.refused)


def others(_: int) -> dict[str, ControlFigures]:
    """Every other law on the same boots."""
    garment = load_garment('five_zone')
    batch = bench_batch(garment, 25.0, SIDE_BY_SIDE, SEED)
    plan = bench_plan(garment, 60.0)
    found = {'this project': figures_of(batch, garment, 60.0)[0]}
    for name, law in BASELINES.items():
        run = run_baseline(law, batch.parameters, batch.believed, plan, CYCLES)
        found[name] = control_figures(run, plan, batch.parameters, garment.neighbours())
    return found


def at(values: FloatArray, *shares: float) -> str:
    """Percentiles, as a table shows them."""
    return ' / '.join(f'{np.nanpercentile(values, share):.2f}' for share in shares)


ROWS: tuple[tuple[str, Callable[[ControlFigures], str], str, str], ...] = (
    (
        'overshoot, median / p95 [mmHg]',
        lambda f: at(f.overshoot / MMHG, 50, 95),
        '0.5 / 1.5',
        '1 / 3',
    ),
    ('error on the plateau, rms, p95 [mmHg]', lambda f: at(f.plateau_rms / MMHG, 95), '0.5', '1'),
    (
        'first wave over the limit, median / p95',
        lambda f: at(f.wave_ratio[0], 50, 95),
        '1.05',
        '1.10',
    ),
    (
        'later wave over the limit, median / p95',
        lambda f: at(f.wave_ratio[1], 50, 95),
        '1.05',
        '1.10',
    ),
    (
        'later wave over the limit with waiting zones sealed, median / p95',
        lambda f: at(f.sealed_ratio, 50, 95),
        '',
        '',
    ),
    (
        "hold disturbed by a neighbour's fill, p95 [mmHg]",
        lambda f: at(f.hold_error / MMHG, 95),
        '1',
        '2',
    ),
    (
        'time to below 15 mmHg over the limit, median / p95',
        lambda f: at(f.vent_ratio, 50, 95),
        '1.05',
        '1.05',
    ),
    ('openings of valves per chamber and cycle, median', lambda f: at(f.switches, 50), '', ''),
    ('chambers that never got there [%]', lambda f: f'{100 * lost(f):.1f}', '', ''),
)


def lost(figures: ControlFigures) -> float:
    """Share of fills that did not reach their target."""
    return float(np.isnan(figures.overshoot).mean())


def picture(groups: dict[str, ControlFigures], path: Path) -> None:
    """Draw the distributions side by side."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    columns: tuple[tuple[str, Callable[[ControlFigures], FloatArray]], ...] = (
        ('overshoot [mmHg]', lambda f: f.overshoot / MMHG),
        ('plateau rms [mmHg]', lambda f: f.plateau_rms / MMHG),
        ('later wave / limit', lambda f: f.wave_ratio[1]),
        ('hold error [mmHg]', lambda f: f.hold_error / MMHG),
    )
    figure, axes = plt.subplots(1, len(columns), figsize=(13, 3.6), layout='constrained')
    for axis, (title, take) in zip(axes, columns, strict=True):
        values = [take(figures) for figures in groups.values()]
        shown = [value[np.isfinite(value)] for value in values]
        axis.boxplot(shown, orientation='horizontal', whis=(5, 95), showfliers=False)
        axis.set_yticks(range(1, len(groups) + 1), list(groups) if axis is axes[0] else [])
        axis.invert_yaxis()
        axis.set_title(title, fontsize=10)
        axis.grid(axis='x', alpha=0.3)
    figure.suptitle('25 L/min, 60 mmHg; boxes: quartiles, whiskers: 5 to 95 %', fontsize=10)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Run everything, print, and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--garments', type=int, default=200, help='both pumps together')
    parser.add_argument('--output', type=Path, default=ROOT / 'docs')
    options = parser.parse_args()
    begin = time.perf_counter()
    each = options.garments // len(PUMPS_L_PER_MIN)
    tasks = [
        (pump, min(CHUNK, each - start), SEED + start)
        for pump in PUMPS_L_PER_MIN
        for start in range(0, each, CHUNK)
    ]
    with ProcessPoolExecutor(2) as pool:
        side = pool.submit(others, 0)
        parts = list(pool.map(one_part, tasks))
        beside = side.result()
    defaults = ControlFigures.joined([f for part in parts for f in part.defaults])
    tuned = ControlFigures.joined([f for part in parts for f in part.tuned])
    volume = 100.0 * np.abs(np.concatenate([part.volume_error for part in parts]))
    compliance = 100.0 * np.abs(np.concatenate([part.compliance_error for part in parts]))
    lines = [
        '| figure | tuned | goal | defaults | goal |',
        '|---|---|---|---|---|',
        *(f'| {n} | {show(tuned)} | {a} | {show(defaults)} | {b} |' for n, show, a, b in ROWS),
        f'| identified rest volume, error p95 [%] | {np.percentile(volume, 95):.1f} | 5 | | |',
        f'| identified compliance, error p50 / p95 [%] | {np.median(compliance):.1f} / '
        f'{np.percentile(compliance, 95):.1f} | 5 | | |',
    ]
    by_case = [
        '| pump [L/min] | pressure [mmHg] | tuned: later wave | hold p95 | overshoot p95 | '
        'defaults: later wave | hold p95 | overshoot p95 |',
        '|---|---|---|---|---|---|---|---|',
    ]
    for pump in PUMPS_L_PER_MIN:
        mine = [part for part, task in zip(parts, tasks, strict=True) if task[0] == pump]
        for k, pressure in enumerate(PRESSURES_MMHG):
            cells = []
            for group in ('tuned', 'defaults'):
                f = ControlFigures.joined([getattr(part, group)[k] for part in mine])
                cells += [
                    at(f.wave_ratio[1], 50, 95),
                    at(f.hold_error / MMHG, 95),
                    at(f.overshoot / MMHG, 95),
                ]
            by_case.append(f'| {pump:g} | {pressure:g} | {" | ".join(cells)} |')
    against = [
        f'| figure | {" | ".join(beside)} |',
        '|---' * (len(beside) + 1) + '|',
        *(f'| {n} | {" | ".join(show(f) for f in beside.values())} |' for n, show, _, _ in ROWS),
    ]
    refused = sum(len(part.refused) for part in parts)
    notes = [
        f'- {options.garments} garments and legs, half of them with each pump, seed {SEED}; '
        f'{refused} chambers were refused by the identification.',
        '- How fast all this is computed is in [performance.md](performance.md).',
    ]
    text = '\n'.join(
        [
            '# Figures of pressure control',
            '',
            f'Made by `make bench-control` (`--garments {options.garments}`). '
            'What the figures mean is in [control.md](control.md).',
            '',
            *lines,
            '',
            '## By pump and pressure',
            '',
            *by_case,
            '',
            f'## Beside what others do: {SIDE_BY_SIDE} garments, 25 L/min, 60 mmHg',
            '',
            *against,
            '',
            '![side by side](figures/control_bench.png)',
            '',
            *notes,
            '',
        ]
    )
    print(text)
    print(f'took {time.perf_counter() - begin:.0f} s')
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / 'control_figures.md').write_text(text, encoding='utf-8')
    picture(beside, options.output / 'figures' / 'control_bench.png')


if __name__ == '__main__':
    main()

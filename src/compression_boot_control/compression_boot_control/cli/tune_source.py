"""Where `boots tune` has the experiment from: boots that it measures now, or a bag."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from compression_boot_control.cli.errors import CommandFailed

if TYPE_CHECKING:
    from compression_boot_control.core.chamber_record import ChamberRecord
    from compression_boot_control.core.garment import Garment
    from compression_boot_control.hardware.backends import HardwareOptions


def measured(
    garment: Garment, options: HardwareOptions, bag: Path | None
) -> Generator[tuple[int, ChamberRecord]]:
    """Measure boots; position and record of each chamber, as it is through.

    Parameters
    ----------
    garment : Garment
    options : HardwareOptions
    bag : Path or None
        Where the experiment is recorded; None: nowhere.

    Raises
    ------
    CommandFailed
        The device cannot be opened, or the experiment ended early.
    BagError
        The bag cannot be written.
    """
    from compression_boot_control.analysis.provenance import provenance
    from compression_boot_control.analysis.tuning_bag import TuningRecorder
    from compression_boot_control.cli.interruption import Interruption
    from compression_boot_control.hardware.backends import make_backend
    from compression_boot_control.hardware.device_test.test_bench import SteadyClock
    from compression_boot_control.hardware.manifold import ManifoldError
    from compression_boot_control.hardware.tuning_rig import TuningRig, TuningStopped, nobody
    from compression_boot_control.hardware.virtual_link import VirtualClock
    from compression_boot_control.plant.tuning_experiment import Experiment

    clock = VirtualClock() if options.backend == 'sim' else SteadyClock()
    try:
        manifold = make_backend(garment, options)
        with ExitStack() as stack:
            interruption = stack.enter_context(Interruption())
            witness = nobody
            if bag is not None:
                made_by = provenance(garment=garment.name, seed=options.seed)
                witness = stack.enter_context(
                    TuningRecorder(bag, manifold, options.backend, clock, made_by)
                )
            rig = TuningRig(manifold, clock, lambda: bool(interruption), witness)
            stack.enter_context(rig)
            for i, found in Experiment(rig, garment, manifold.sample_period).run():
                yield i, found[0]
    except (ManifoldError, TuningStopped) as error:
        raise CommandFailed(f'nothing is written: {error}') from error


def recorded(bag: Path, garment: Garment) -> Generator[tuple[int, ChamberRecord]]:
    """Go through a recorded experiment; position and record of each chamber.

    Raises
    ------
    BagError
        The bag cannot be read, or is not of this experiment on this garment.
    """
    from compression_boot_control.analysis.tuning_bag import RecordedRig
    from compression_boot_control.plant.tuning_experiment import Experiment

    rig = RecordedRig(bag, garment)
    for i, found in Experiment(rig, garment, rig.sample_period).run():
        yield i, found[0]

"""The whole device test: the steps in their order, and a vented garment however it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from compression_boot_control.hardware.clock import Clock, SteadyClock
from compression_boot_control.hardware.device_test import (
    electrical,
    hoses,
    pneumatic,
    protection,
    valves,
)
from compression_boot_control.hardware.device_test.results import (
    ABORTED,
    NOT_OPENED,
    DeviceTestReport,
)
from compression_boot_control.hardware.device_test.test_bench import (
    Aborted,
    DeviceFaulty,
    TestBench,
)
from compression_boot_control.hardware.manifold import Manifold, ManifoldError

STEPS: Mapping[str, Callable[[TestBench], None]] = {
    'communication': electrical.communication,
    'zero': electrical.zero,
    'dead-man': protection.dead_man,
    'emergency stop': protection.emergency_stop,
    'supply and inlet valves': pneumatic.supply,
    'valve response': valves.inlet_response,
    'fill': pneumatic.fill,
    'leak-down': pneumatic.leak_down,
    'vent and crosstalk': hoses.vent_and_crosstalk,
    'over-pressure cut-off': protection.cut_off,
}
"""Steps by name, in their order: what protects is tested before there is much pressure."""


def run_device_test(
    manifold: Manifold,
    subject: Mapping[str, str],
    clock: Clock | None = None,
    progress: Callable[[str, str], None] = lambda _step, _text: None,
    aborted: Callable[[], bool] = lambda: False,
) -> DeviceTestReport:
    """Test a manifold that is not open yet; it is closed and vented afterwards.

    Parameters
    ----------
    manifold : Manifold
    subject : mapping
        What the report says of what was tested.
    clock : Clock
    progress : callable
        Gets the name of a step and one line.
    aborted : callable
        Tells whether to end at the next sample.
    """
    report = DeviceTestReport(dict(subject), manifold.garment.chamber_names)
    bench = TestBench(manifold, clock or SteadyClock(), progress, aborted)
    bench.checks, bench.curves = report.checks, report.curves
    steps = list(STEPS)
    try:
        manifold.open()
        identity = manifold.identity()
        if identity.serial_number is not None:
            report.subject['serial number'] = str(identity.serial_number)
        while steps:
            bench.step = steps[0]
            progress(bench.step, 'running')
            STEPS[bench.step](bench)
            steps.pop(0)
    except Aborted:
        report.ended = ABORTED
    except DeviceFaulty as error:
        report.ended = str(error)
        if not report.findings:
            bench.failed('device', 'device_fault', str(error), None, 'no fault', '')
    except ManifoldError as error:
        report.ended = str(error)
        finding = 'no_communication' if bench.step else NOT_OPENED
        bench.step = bench.step or steps[0]
        bench.failed('link', finding, str(error), None, 'an answer', '')
    finally:
        with suppress(ManifoldError):
            manifold.close()
    for step in steps[1:] if report.ended else ():
        bench.step = step
        bench.not_run('device', f'the test ended before: {report.ended}')
    return report

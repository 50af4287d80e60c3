"""A system on an emulated Modbus device, whose valves and chambers themselves are the witness."""

from __future__ import annotations

import time
from pathlib import Path

from compression_boot_msgs.msg import ManifoldState

from compression_boot_control.hardware.emulated_device import EmulatedDevice
from compression_boot_control.hardware.emulated_server import EmulatedServer
from compression_boot_control.hardware.garment_file import load_garment
from compression_boot_control.hardware.profile_file import load_profile
from compression_boot_control.system import SystemOptions
from evidence.live_system import LiveSystem
from evidence.samples import UNDER_PRESSURE, Sample

LOOK_EVERY = 0.001
"""Time from one look at the device to the next [s]."""


class DeviceSystem(LiveSystem):
    """A system whose manifold node can be killed as well: the device lives on in this process.

    Samples are looks at what drives the valves and at the true pressures, whatever any node says.

    Attributes
    ----------
    server : EmulatedServer
        Takes the faults of device and link.
    """

    def __init__(self, folder: Path) -> None:
        profile = load_profile('generic_tcp')
        self.server = EmulatedServer(EmulatedDevice(load_garment('five_zone'), profile), profile)
        self.server.start()
        options = SystemOptions(
            backend='modbus-tcp',
            host='127.0.0.1',
            port=str(self.server.port),
            namespace='evidence_device',
            record=False,
            log_level='error',
        )
        super().__init__(folder, options)

    def _on_state(self, message: ManifoldState) -> None:
        self.state = message

    def turn(self, seconds: float = LOOK_EVERY) -> None:
        """Handle what has come in, and look at the device."""
        super().turn(seconds)
        device = self.server.device
        with self.server.lock:
            applied, pressure = device.applied, device.boots.true_pressure
        self.samples.append(
            Sample(
                taken=time.time(),
                heard=time.monotonic(),
                open=bool(
                    applied.exhaust.min() >= 0.99
                    and applied.inlet.max() <= 0.0
                    and applied.pump <= 0.0
                ),
                pressed=bool(((pressure > UNDER_PRESSURE) & (applied.exhaust < 0.5)).any()),
                highest=float(pressure.max()),
            )
        )

    def close(self) -> None:
        """End all processes, and the device."""
        super().close()
        self.server.stop()

"""What a ``Layout`` message says of a garment, for all who send or write one."""

from __future__ import annotations

from typing import Any

from compression_boot_control.core.garment import Garment


def layout_fields(garment: Garment, backend: str, sample_period: float) -> dict[str, Any]:
    """Fields of the message by name, but for its header; arrays have the shape (N,).

    Parameters
    ----------
    garment : Garment
        Of N chambers.
    backend : str
    sample_period : float
        [s]
    """
    return {
        'garment': garment.name,
        'backend': backend,
        'name': list(garment.chamber_names),
        'leg': list(garment.legs),
        'zone': list(garment.zones),
        'zone_order': list(garment.zone_order),
        'rest_volume': garment.rest_volume,
        'compliance': garment.compliance,
        'pump_free_flow': garment.pump.free_flow,
        'pump_shut_off_pressure': garment.pump.shut_off_pressure,
        'sample_period': sample_period,
    }

"""Finds what a chamber is made of from one safe experiment on it.

What flows through a valve follows from the pressures on its two sides, which are measured, but for
a factor of its conductance. One volume of the device is known: the supply rail's. So, in order:

1. *Valve.* The pump charges the rail and stops; the inlet opens a little. The rail loses
   ``V_rail dp / (R T)`` through the valve, which gives its conductance; the delay with which the
   rail begins to fall gives the valve's time constant.
2. *Volumes.* The flat chamber is filled in steps, with rests in which it cools. The gas that has
   come in by each rest, ``R T m = (p_atm + p) (V_u + C_w p)``, is linear in the rest volume and
   the compliance.
3. *Hose.* As the inlet shuts, the reading at the port falls by the hose's drop.
4. *Leak, heat, creep.* What the pressure does in the rests is explained by these three.
5. *Exhaust.* What the chamber holds leaves through the exhaust valve.

All of it is linear least squares or a ratio of two integrals; nothing has to be started near its
end. Intervals are those of a linear model: noise, and what heat and creep may add.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from compression_boot_control.core.chamber_record import (
    DISCHARGE,
    FILL,
    RELAX,
    VENT,
    ChamberFile,
    ChamberRecord,
    Estimate,
    IdentifiedChamber,
    NotIdentifiable,
)
from compression_boot_control.core.pneumatics import (
    ATMOSPHERE,
    GAS_CONSTANT,
    REFERENCE_DENSITY,
    REFERENCE_TEMPERATURE,
    chamber_capacity,
    hose_coefficients,
    hose_drop,
    orifice_flow,
)
from compression_boot_control.core.signals import FloatArray
from compression_boot_control.core.units import MILLILITRE, MINUTE, MMHG

ENERGY = GAS_CONSTANT * REFERENCE_TEMPERATURE
"""R T of the gas [J/kg]."""

RESPONSES = np.arange(2e-3, 41e-3, 1e-3)
"""Time constants of valves that are tried [s]."""

REST_ERROR = 0.2 * MMHG
"""Error of a pressure at rest that the model leaves, one standard deviation [Pa] [P]."""

SHUTTING_TIME = 0.2
"""Time in which the inlet has shut and hose and chamber are at one pressure [s]."""

INDEPENDENT_ROWS = 10.0
"""Rests are sampled often, but their errors are alike: they count as so many samples [P]."""

CREEP_TIME = 20.0
"""Time constant of the limb's creep [s] [P]."""

CREEP_SHARE = (0.1, 0.03)
"""Usual creep as a share of the compliance, and its standard deviation [-] [P]."""

USUAL_LEAK = (10.0 * MILLILITRE / MINUTE, 100.0 * MILLILITRE / MINUTE)
"""Usual leak at 60 mmHg, and its standard deviation [m3/s] [P]."""

HEAT = (3.0 / (12e-3 / 60.0), 1.0 / (12e-3 / 60.0))
"""Usual steady rise of the gas temperature per inflow, and its deviation [K s/m3] [P]."""

HEAT_TIMES = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
"""Time constants of the gas temperature that are tried [s] [P]."""

CALIBRATION_ERROR = 0.01
"""Standard deviation of the valve's calibration besides noise: heat of the rail [-] [P]."""

LARGEST_LEAK = 150.0 * MILLILITRE / MINUTE
"""With a larger leak the volumes are not what is measured [m3/s] [P]."""

DROP_ERROR, HOSE_SPREAD = 0.4 * MMHG, 0.5
"""Error of a measured drop [Pa], and how far a drop may be from the expected one [-] [P]."""

NARROWEST_HOSE = 4.0
"""A hose whose drop is this many times the expected one is kinked [-] [P]."""

CONDUCTANCE_RANGE = (0.4, 2.5)
"""Conductance of a valve against what the garment file says, as far as one believes it [-] [P]."""

INTERVAL = 1.96
"""Half width of a 95 % interval in standard deviations."""


def opening_of(command: FloatArray, dead_band: float, response: float, dt: float) -> FloatArray:
    """Opening of a valve after its dead band and its first-order response; (T,)."""
    wanted = np.maximum(command - dead_band, 0.0) / (1.0 - dead_band)
    return lagged(wanted, response, dt)


def lagged(values: FloatArray, response: float, dt: float) -> FloatArray:
    """First-order response to values that are constant between samples; (T,).

    A command at one sample acts until the next, so the mean over that time is what flows.
    """
    decay = np.exp(-dt / response)
    mean = response / dt * (1.0 - decay)
    state = lfilter([1.0 - decay], [1.0, -decay], values)
    before = np.concatenate([[0.0], state[:-1]])
    return np.asarray(values + (before - values) * mean)


def identify(record: ChamberRecord, expected: ChamberFile) -> IdentifiedChamber:
    """Identify one chamber.

    Raises
    ------
    NotIdentifiable
        What was measured is not what a sound chamber does.
    """
    factor, response, calibration = _valve(record, expected)
    opening = opening_of(record.inlet, expected.dead_band, response.value, record.dt)
    # the pressures are samples, the opening is the mean between them
    conductance = factor * expected.inlet_conductance
    inflow = np.maximum(orifice_flow(record.supply, record.port, conductance * opening), 0.0)
    inflow = np.where(opening > 0.0, inflow, 0.0)
    linear, quadratic = hose_coefficients(expected.hose_length, expected.hose_bore)
    hose = _hose(record, inflow, expected, response.value)
    drop = hose.value * hose_drop(inflow / REFERENCE_DENSITY, linear, quadratic)
    pressure = record.port - drop
    rests = _rests(record, pressure, np.cumsum(inflow) * record.dt)
    if len(rests) < 2:
        raise NotIdentifiable(
            f'{expected.name}: no rise: the pressure did not get to its steps; look for an open '
            'zip, a hose that is off, or a chamber that is not in the sleeve'
        )
    if hose.value > NARROWEST_HOSE:
        raise NotIdentifiable(
            f'{expected.name}: the hose drops {hose.value:.1f} times what its length and bore say; '
            'it is kinked or blocked: lay it straight, or correct hose_bore_mm'
        )
    hose_volume = np.pi / 4.0 * expected.hose_bore**2 * expected.hose_length
    volume, compliance, leak = _volumes(record, pressure, inflow, hose_volume, calibration)
    if leak.value > LARGEST_LEAK:
        raise NotIdentifiable(
            f'{expected.name}: leaks {leak.value / MILLILITRE * MINUTE:.0f} ml/min, more than the '
            f'{LARGEST_LEAK / MILLILITRE * MINUTE:.0f} with which volumes can be told; '
            'close the zip, press the connector home, look for a hole'
        )
    if volume.low <= 0.0:
        raise NotIdentifiable(
            f'{expected.name}: full of air before the experiment, so that its slack is not seen; '
            'press all chambers flat with their hoses off, and tune again'
        )
    return IdentifiedChamber(
        name=expected.name,
        rest_volume=volume,
        compliance=compliance,
        inlet_conductance=Estimate(conductance, INTERVAL * calibration * conductance),
        exhaust_conductance=_exhaust(record, expected, volume, compliance, response.value),
        valve_response=response,
        hose_factor=hose,
        leak=leak,
        rests=rests,
    )


def _valve(record: ChamberRecord, expected: ChamberFile) -> tuple[float, Estimate, float]:
    """Factor on the inlet's conductance, its time constant, and the factor's relative error."""
    inside = record.phase == DISCHARGE
    supply, port = record.supply[inside], record.port[inside]
    if len(supply) < 20 or supply[0] - supply[-1] < 20.0 * MMHG:
        raise NotIdentifiable(
            f'{expected.name}: the rail does not empty through its inlet; the valve does not open, '
            'or its hose is blocked: check the valve, its plug, and the hose'
        )
    errors, factors, spreads = [], [], []
    for response in RESPONSES:
        opening = opening_of(record.inlet, expected.dead_band, float(response), record.dt)[inside]
        flow = orifice_flow(supply, port, expected.inlet_conductance * opening)
        # the flow between two samples is that of the mean of their pressures, about
        gas = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) / 2.0 * record.dt)])
        shown = lagged(gas, expected.sensor_lag, record.dt)
        design = np.column_stack([np.ones(len(gas)), -shown * ENERGY / expected.rail_volume])
        solution, *_ = np.linalg.lstsq(design, supply, rcond=None)
        residual = supply - design @ solution
        variance = float(residual @ residual) / (len(supply) - 2)
        errors.append(variance)
        factors.append(float(solution[1]))
        spreads.append(float(np.sqrt(variance * np.linalg.inv(design.T @ design)[1, 1])))
    best = int(np.argmin(errors))
    factor = factors[best]
    low, high = CONDUCTANCE_RANGE
    if not low < factor < high:
        raise NotIdentifiable(
            f'{expected.name}: its inlet passes {factor:.2f} times what the garment file says; '
            'correct inlet_dm3_per_s_bar, or look at the valve and the hose'
        )
    near = RESPONSES[np.array(errors) < errors[best] * (1.0 + 4.0 / len(supply))]
    half = max(float(near[-1] - near[0]) / 2.0, 2e-3)
    return (
        factor,
        Estimate(float(RESPONSES[best]), half),
        float(np.hypot(spreads[best] / factor, CALIBRATION_ERROR)),
    )


def _rests(record: ChamberRecord, pressure: FloatArray, gas: FloatArray) -> FloatArray:
    """Pressure and gas at the end of each rest; (K, 2)."""
    resting = np.concatenate([[0], (record.phase == RELAX).astype(int), [0]])
    starts, stops = np.flatnonzero(np.diff(resting) == 1), np.flatnonzero(np.diff(resting) == -1)
    half_second = round(0.5 / record.dt)
    return np.array(
        [
            (pressure[stop - half_second : stop].mean(), gas[stop - 1])
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
            if stop - start > 2 * half_second
        ]
    ).reshape(-1, 2)


def _volumes(
    record: ChamberRecord,
    pressure: FloatArray,
    inflow: FloatArray,
    hose_volume: float,
    calibration: float,
) -> tuple[Estimate, Estimate, Estimate]:
    """Rest volume, compliance and leak from the gas in all rests.

    With T the gas temperature's rise, a lagged inflow, and c the limb's creep, a lagged pressure::

        R T0 (m - L int(p) / 60 mmHg) (1 + T / T0) = (p_atm + p) (V_u + C_w p + c)

    is linear in V_u, C_w, the creep's share, the leak L and the heat, for each time constant of
    the heat; what the data cannot tell is held by what is usual.
    """
    gas = np.cumsum(inflow) * record.dt
    usable = np.flatnonzero(record.phase == RELAX)
    shut = record.phase[usable - round(SHUTTING_TIME / record.dt)] == RELAX
    rows = usable[shut][:: max(round(0.1 / record.dt), 1)]
    level, absolute = pressure[rows], ATMOSPHERE + pressure[rows]
    content = ENERGY * gas[rows] - hose_volume * level
    plain = np.column_stack([absolute, absolute * level])
    rough = np.linalg.lstsq(plain, content, rcond=None)[0]
    # while air flows, the reading says less of the chamber than the gas that is in it
    inside = np.where(record.phase == RELAX, pressure, _pressure_of(ENERGY * gas, *rough))
    crept = lagged(inside, CREEP_TIME, record.dt)[rows]
    lost = ENERGY * REFERENCE_DENSITY * np.cumsum(inside)[rows] * record.dt
    noise = ENERGY * chamber_capacity(rough[0], rough[1], level) * REST_ERROR
    prior = np.array([0.0, 0.0, CREEP_SHARE[0] * rough[1], USUAL_LEAK[0], HEAT[0]])
    spread = np.array([np.inf, np.inf, CREEP_SHARE[1] * rough[1], USUAL_LEAK[1], HEAT[1]])
    best: tuple[float, FloatArray, FloatArray] | None = None
    for time in HEAT_TIMES:
        warm = lagged(inflow / REFERENCE_DENSITY, time, record.dt)[rows]
        design = np.column_stack(
            [plain, absolute * crept, lost / (60.0 * MMHG), -content * warm / REFERENCE_TEMPERATURE]
        )
        weighted, wanted = design / noise[:, None], content / noise
        weight = len(rows) / INDEPENDENT_ROWS
        matrix = weighted.T @ weighted / weight + np.diag(1.0 / spread**2)
        scale = 1.0 / np.sqrt(np.diag(matrix))
        inverse = np.linalg.inv(matrix * scale[:, None] * scale) * scale[:, None] * scale
        solution = inverse @ (weighted.T @ wanted / weight + prior / spread**2)
        residual = wanted - weighted @ solution
        misfit = float(residual @ residual) / weight
        misfit += float((((solution - prior) / spread) ** 2).sum())
        if best is None or misfit < best[0]:
            best = misfit, solution, inverse
    assert best is not None
    _, solution, covariance = best
    deviation = np.sqrt(np.diag(covariance))
    for k in (0, 1):
        deviation[k] = np.hypot(deviation[k], calibration * solution[k])
    volume, compliance, _, leak, _ = (
        Estimate(float(value), INTERVAL * float(error))
        for value, error in zip(solution, deviation, strict=True)
    )
    return volume, compliance, Estimate(max(leak.value, 0.0), leak.half_width)


def _pressure_of(content: FloatArray, volume: float, compliance: float) -> FloatArray:
    """Pressure of a chamber that holds so much R T m [J]; 0 while it is slack."""
    gap = volume - compliance * ATMOSPHERE
    excess = np.maximum(content - ATMOSPHERE * volume, 0.0)
    total = volume + compliance * ATMOSPHERE
    root = np.sqrt(np.maximum(gap * gap + 4.0 * compliance * content, total * total))
    return np.asarray(2.0 * excess / (total + root))


def _hose(
    record: ChamberRecord, inflow: FloatArray, expected: ChamberFile, response: float
) -> Estimate:
    """Drop at the moments at which the inlet shuts, over the expected one.

    Until the valve has shut the chamber still rises, which is taken off. A wide hose drops less
    than the sensors err: there the file is believed.
    """
    closing = np.flatnonzero((record.phase[:-1] == FILL) & (record.phase[1:] == RELAX))
    linear, quadratic = hose_coefficients(expected.hose_length, expected.hose_bore)
    settled = round(0.15 / record.dt)
    moments = range(-10, 0)
    drops, usual = [], []
    for k in closing[closing > 10].tolist():
        level, rate = np.polynomial.polynomial.polyfit(moments, record.port[k - 10 : k], 1)
        after = record.port[k + settled : k + 2 * settled].mean()
        drops.append(level + rate * (1.0 + response / record.dt) - after)
        flow = inflow[k - 3 : k].mean() / REFERENCE_DENSITY
        usual.append(float(hose_drop(flow, linear, quadratic)))
    drop, nominal = np.array(drops) / DROP_ERROR, np.array(usual) / DROP_ERROR
    weight = nominal @ nominal + 1.0 / HOSE_SPREAD**2
    factor = (nominal @ drop + 1.0 / HOSE_SPREAD**2) / weight
    return Estimate(float(factor), INTERVAL * max(float(weight) ** -0.5, 0.05))


def _exhaust(
    record: ChamberRecord,
    expected: ChamberFile,
    volume: Estimate,
    compliance: Estimate,
    response: float,
) -> Estimate:
    """Conductance of the exhaust, from the gas that left."""
    inside = np.flatnonzero(record.phase == VENT)
    low = np.flatnonzero(record.port[inside] < 5.0 * MMHG)
    if not len(low):
        raise NotIdentifiable(
            f'{expected.name}: does not vent; check its exhaust valve and the hose before anybody '
            'wears it'
        )
    stop = inside[low[0]]
    opening = opening_of(record.exhaust, expected.dead_band, response, record.dt)
    span = slice(int(inside[0]), int(stop))
    flow = orifice_flow(record.port[span], 0.0, expected.exhaust_conductance * opening[span])
    start = float(record.port[inside[0] - round(0.3 / record.dt) : inside[0]].mean())
    linear, quadratic = hose_coefficients(expected.hose_length, expected.hose_bore)
    end = 5.0 * MMHG + hose_drop(float(flow[-1]) / REFERENCE_DENSITY, linear, quadratic)

    def held(pressure: float) -> float:
        volume_now = volume.value + compliance.value * pressure
        return float((ATMOSPHERE + pressure) * volume_now / ENERGY)

    factor = (held(start) - held(float(end))) / max(float(flow.sum() * record.dt), 1e-9)
    value = factor * expected.exhaust_conductance
    return Estimate(value, INTERVAL * 0.05 * value)

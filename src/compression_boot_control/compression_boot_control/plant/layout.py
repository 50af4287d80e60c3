"""Rows of the memory of the simulated boots: one number each per chamber, or per garment.

The record of a garment comes before those of its chambers. Rows 0 to 4 mean the same in both: a
pressure that neighbours feel, and what is handed from each record to the next, the supply pressure
down to the chambers and sums over the chambers on to the last. Rows of valves and sensors are those
at the other end of the chamber's hose, wherever it is plugged in.
"""

from __future__ import annotations

# the gauge pressure of a chamber, and 0 in the record of the garment: a neighbour that does not
# exist has ambient pressure
PRESSURE = 0
SUPPLY_PRESSURE = 1
INLET_SUM = 2
INLET_BASE_SUM = 3
FILLED_SUM = 4

# state of a chamber, its hose, and the valves and the sensor at its port
PORT_PRESSURE = 5
CHAMBER_MASS = 6
PORT_MASS = 7
TEMPERATURE_RISE = 8
CREEP = 9
EXHAUSTED = 10
LEAKED = 11
INLET_OPENING = 12
EXHAUST_OPENING = 13
SENSED = 14
DRIFT = 15
READING = 16
# what a step needs to know of the chamber and its hose
REST_VOLUME = 17
COMPLIANCE = 18
SLACK_PRESSURE = 19
SQUEEZE = 20
CREEP_VOLUME = 21
CREEP_DECAY = 22
THERMAL_RISE = 23
THERMAL_DECAY = 24
HOSE_LINEAR = 25
HOSE_QUADRATIC = 26
HOSE_FACTOR = 27
PORT_SLOPE = 28
BURST_CONDUCTANCE = 29
LEAK_CONDUCTANCE = 30
PORT = 31
# and of the valves and the sensor
INLET_CONDUCTANCE = 32
EXHAUST_CONDUCTANCE = 33
VALVE_DECAY = 34
VALVE_MEAN = 35
DEAD_BAND = 36
INLET_GAIN = 37
INLET_BIAS = 38
EXHAUST_GAIN = 39
EXHAUST_BIAS = 40
SENSOR_DECAY = 41
SENSOR_ERROR = 42
SENSOR_DRIFT = 43
SENSOR_NOISE = 44
SENSOR_STUCK = 45
SENSOR_DEAD = 46
SENSOR_MISSING = 47
# what one part of a step leaves to the next
INLET_TARGET = 48
EXHAUST_TARGET = 49
SLOPE = 50
LOST_VOLUME = 51
INLET = 52
EXHAUST = 53
HOSE = 54
CHAMBER_BASE = 55
CHAMBER_SHARE = 56
PORT_BASE = 57
PORT_SHARE = 58

ROWS = 59

# state of a garment
SUPPLY_MASS = 5
PUMP_SPEED = 6
SUPPLY_SENSED = 7
PUMPED = 8
RELIEVED = 9
# what a step needs to know of it
PUMP_FREE_FLOW = 10
PUMP_SHUT_OFF = 11
PUMP_DECAY = 12
PUMP_MEAN = 13
SUPPLY_SLOPE = 14
RELIEF_PRESSURE = 15
RELIEF_BAND = 16
RELIEF_CONDUCTANCE = 17
SUPPLY_DECAY = 18
SUPPLY_ERROR = 19
SUPPLY_NOISE = 20
SUPPLY_MISSING = 21
SENSOR_STEP = 22
SENSOR_MINIMUM = 23
SENSOR_MAXIMUM = 24
# what one part of a step leaves to the next
PUMP_COMMAND = 25
INLETS = 26
INLET_BASES = 27
FILLED = 28

"""Simulated boots: pneumatics, limb, sensors and faults, on arrays, without ROS, I/O or clock."""

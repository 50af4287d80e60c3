"""Control, sequencing and safety as pure functions on arrays: no ROS, no I/O, no own clock."""

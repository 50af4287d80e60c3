"""Thin ROS 2 shells around the core, one file a node."""

"""How a session is shown in space: geometry of two legs, without ROS."""

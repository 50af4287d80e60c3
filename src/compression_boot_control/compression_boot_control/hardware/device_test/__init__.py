"""The device test: finds out whether a manifold may be used, and names what is wrong."""

"""The Manifold interface and its backends, and the files that describe hardware."""

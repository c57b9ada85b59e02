"""The node: the registry over HTTP."""

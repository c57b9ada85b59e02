"""Traces a suspect file: from which asset, from which delivery, and whether anybody allowed it."""

"""The command `muniment`."""

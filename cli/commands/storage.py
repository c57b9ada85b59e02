"""`muniment storage`."""

import typer


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""


def create_group() -> typer.Typer:
    """The group of commands."""
    return typer.Typer()

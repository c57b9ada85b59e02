"""What `escrow canaries` does: list the rows that were invented for a delivery."""

from pathlib import Path

from cli.lang import say
from cli.session import Session
from cli.subjects import find_subject
from ledger.core.types import Json


def show_invented(session: Session, delivery: str, source: Path) -> None:
    """Print the rows of a delivery's copy that were invented for its recipient.

    Args:
        session: Prints.
        delivery: Its key, or the beginning.
        source: The file that its copy was made from.

    Raises:
        NotFoundError: There is no such delivery or file, or it was not marked in this home.
        RejectedError: Its copy was made from another file.
    """
    from node.invented import list_invented

    size = source.stat().st_size if source.is_file() else None
    with session.registry(is_writer=False) as registry:
        key = find_subject(registry, "delivery", delivery)
        with session.out.progress("Reading", "读取文件", size) as advance:
            found = list_invented(registry, key, source, advance)
    if not found:
        session.out.talk(
            f"no rows were invented for {key}: 'muniment deliver --canaries N' does that",
            f"{key} 的副本中没有虚构的行：muniment deliver --canaries N 方会虚构",
        )
    items: list[Json] = [{"row": each.row, "cells": {**each.cells}} for each in found]
    names = list(found[0].cells) if found else []
    rows = [[f"{each.row:,}", *(cell or "" for cell in each.cells.values())] for each in found]
    session.out.items(items, [say("row of the copy", "副本中的行"), *names], rows)

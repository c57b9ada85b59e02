"""What people are told of marks in a copy, and of those that are only planned."""

from typing import TYPE_CHECKING, Final

from cli.lang import say
from cli.output import Output, Row
from contracts.chain import Grant
from contracts.odrl import Disclosure, describe_share
from contracts.title import Asset
from ledger.core.types import Json, SubjectKey
from node.copyrecords import Marked
from node.registryapi import RegistryApi

if TYPE_CHECKING:
    from tracing.plan import CanaryCost, CanaryNeed, ColumnCost, Forecast, Need

_PER_CENT: Final = 10_000
"""Millionths in one hundredth."""


def describe_marks(
    registry: RegistryApi, grant: SubjectKey, marked: Marked | None
) -> tuple[dict[str, Json], list[Row]]:
    """Marks of a delivered copy, for programs and for people; both empty of an exact one.

    Args:
        registry: Where the asset is found.
        grant: Under which it was delivered.
        marked: What was done.
    """
    if marked is None:
        return {}, []
    body = marked.body
    document: dict[str, Json] = {
        "rows": body.rows,
        "source_rows": marked.source_rows,
        "withheld": body.withheld,
        "rows_per_mark": body.rows_per_mark,
        "cells_changed": marked.cells,
        **({"canaries": body.invented} if body.invented else {}),
    }
    rows = [
        (say("rows", "行数"), _compare_rows(registry, grant, marked)),
        (say("cells changed", "改动的单元格"), f"{marked.cells:,}" if body.rows_per_mark else ""),
        (say("invented rows", "虚构的行"), f"{body.invented:,}" if body.invented else ""),
        (say("disclosed", "已约定"), _describe_terms(body.strength)),
    ]
    return document, rows


def _compare_rows(registry: RegistryApi, grant: SubjectKey, marked: Marked) -> str:
    """The rows of a copy beside those of its source and what the certificate says."""
    asset = registry.need_state(Asset, registry.need_state(Grant, grant).asset)
    volume = asset.fields.get("volume")
    own, invented = marked.body.rows - marked.body.invented, marked.body.invented
    en = f"{own:,} of {marked.source_rows:,}"
    zh = f"{own:,}（原表 {marked.source_rows:,}）"
    if invented:
        en += f", and {invented:,} invented"
        zh += f"，另有虚构 {invented:,}"
    if volume:
        en += f"; the certificate speaks of {volume}"
        zh += f"；凭证所载规模为 {volume}"
    return say(en, zh)


def _describe_terms(strength: Disclosure) -> str:
    en, zh = [], []
    if strength.withheld:
        en.append(f"{describe_share(strength.withheld)} of the rows withheld")
        zh.append(f"略去 {describe_share(strength.withheld)} 的行")
    if strength.rows_per_mark:
        en.append(f"at most one cell changed in one row of {strength.rows_per_mark}")
        zh.append(f"每 {strength.rows_per_mark} 行至多改动一个单元格")
    if strength.invented:
        en.append(f"{strength.invented:,} rows invented")
        zh.append(f"虚构 {strength.invented:,} 行")
    return say(", ".join(en), "，".join(zh))


def show_forecast(out: Output, grant: SubjectKey, found: "Forecast") -> None:
    """Print what marks are worth and what they cost.

    Args:
        out: Prints.
        grant: Under which a copy would be delivered.
        found: What was worked out.
    """
    document: dict[str, Json] = {
        "grant": grant,
        "rows": found.rows,
        "withheld_expected": found.withheld,
        "positions": found.positions,
        "cells_expected": found.cells,
        "cells": found.all_cells,
        "needed": [
            {"recipients": each.recipients, "rows": each.rows, "rows_with_marks": each.marked_rows}
            for each in found.needs
        ],
        "colluders": found.colluders,
        "columns": [_describe_cost(each) for each in found.costs],
    }
    if found.canaries is not None:
        document["canaries"] = _describe_canaries(found.canaries)

    def human() -> None:
        out.table("", _list_forecast(found))

    out.result(document, human)


def _describe_cost(cost: "ColumnCost") -> dict[str, Json]:
    """A column for programs; shifts in millionths."""
    return {
        "name": cost.column.name,
        "kind": cost.column.kind,
        "unit": cost.column.unit,
        "cells_expected": cost.cells,
        "mean_shift": cost.mean_shift,
        "variance_shift": cost.variance_shift,
        "sampling": cost.sampling,
    }


def _describe_canaries(cost: "CanaryCost") -> dict[str, Json]:
    """Invented rows for programs; shares and shifts in millionths."""
    return {
        "canaries": cost.canaries,
        "share": cost.share,
        "mean_shift": cost.mean_shift,
        "needed": [
            {"recipients": each.recipients, "found": each.found, "rows": each.rows}
            for each in cost.needs
        ],
    }


def _list_forecast(found: "Forecast") -> list[Row]:
    return [
        (say("rows", "行数"), f"{found.rows:,}"),
        (
            say("withheld from a copy", "每份副本略去"),
            say(f"about {found.withheld:,} rows", f"约 {found.withheld:,} 行"),
        ),
        *(_show_cells(found) if found.positions else ()),
        *(_show_need(each, is_marked=found.positions > 0) for each in found.needs),
        (
            say("error bound", "误指概率上限"),
            say("naming any innocent delivery: 1 in a million", "误指任何无关交付：百万分之一"),
        ),
        *map(_show_cost, found.costs),
        *(() if found.canaries is None else _show_canaries(found.canaries)),
    ]


def _show_canaries(cost: "CanaryCost") -> list[Row]:
    """What invented rows are worth, and what they do to the data."""
    share, shift = _percent(cost.share), _percent(cost.mean_shift)
    return [
        (
            say("invented rows", "虚构的行"),
            say(
                f"{cost.canaries:,}, {share} of a copy; in them no column belongs to another, and "
                f"means move by about {shift} of a standard deviation",
                f"{cost.canaries:,}，占副本的 {share}；其中各列互不相干，"
                f"均值约变动标准差的 {shift}",
            ),
        ),
        *map(_show_canary_need, cost.needs),
    ]


def _show_canary_need(need: "CanaryNeed") -> Row:
    """How many invented rows, and so how many leaked ones, name one of so many recipients."""
    name = say(
        f"one of {need.recipients:,}, by them alone", f"仅凭其从 {need.recipients:,} 个中指认"
    )
    if need.found is None:
        return name, say("they are too few, or too like others", "行数太少，或与他行过于相似")
    return name, say(
        f"{need.found:,} of them found, as in {need.rows:,} leaked rows",
        f"须见其中 {need.found:,} 行，约需流出 {need.rows:,} 行",
    )


def _show_cells(found: "Forecast") -> list[Row]:
    """What value marks do, and whom they tell apart; nothing of a copy that lacks rows alone."""
    share = found.cells * 1_000_000 // max(found.all_cells, 1)
    return [
        (
            say("rows for marks", "可作标记的行"),
            say(
                f"about {found.positions:,}; each copy has one cell changed in some of them",
                f"约 {found.positions:,}；每份副本在其中部分行各改动一个单元格",
            ),
        ),
        (
            say("cells changed", "改动的单元格"),
            say(
                f"about {found.cells:,} of {found.all_cells:,} ({_percent(share)})",
                f"约 {found.cells:,}，共 {found.all_cells:,}（{_percent(share)}）",
            ),
        ),
        (say("recipients together", "多个接收方合谋"), _show_colluders(found)),
    ]


def _show_need(need: "Need", *, is_marked: bool) -> Row:
    """How many leaked rows name one of so many recipients."""
    rows, marked = _count(need.rows), _count(need.marked_rows)
    name = say(f"to name one of {need.recipients:,}", f"从 {need.recipients:,} 个接收方中指认")
    if not is_marked:
        return name, say(f"{rows} leaked rows", f"需流出 {rows} 行")
    return name, say(
        f"{marked} leaked rows; {rows} if no changed cell can be read",
        f"需流出 {marked} 行；改动的单元格均不可读取时需 {rows} 行",
    )


def _show_colluders(found: "Forecast") -> str:
    """How many recipients can put their copies together and are still found."""
    if not found.colluders:
        return say(
            "the marked cells alone name nobody: too few rows are marked",
            "仅凭带标记的单元格无法指认任何接收方：带标记的行太少",
        )
    return say(
        f"up to {found.colluders} of 1,000 who combine whole copies are all found",
        f"1,000 个接收方中，至多 {found.colluders} 个合并完整副本者可全部指认",
    )


def _count(rows: int | None) -> str:
    return say("more than there are", "超过全表的行数") if rows is None else f"{rows:,}"


def _show_cost(cost: "ColumnCost") -> Row:
    """What happens to a column."""
    en, zh = f"about {cost.cells:,} cells", f"约 {cost.cells:,} 个单元格"
    if cost.mean_shift is not None and cost.variance_shift is not None:
        mean, variance = _percent(cost.mean_shift), _percent(cost.variance_shift)
        en += f" by {cost.column.unit}; mean within {mean}, variance within {variance}"
        zh += f"，每个变动 {cost.column.unit}；均值变化不超过 {mean}，方差变化不超过 {variance}"
    return (say(f"column {cost.column.name}", f"列 {cost.column.name}"), say(en, zh))


def _percent(millionths: int) -> str:
    """A share in per cent with four decimals at most, such as `0.0014 %`."""
    whole, rest = divmod(millionths, _PER_CENT)
    return f"{whole}.{rest:04}".rstrip("0").rstrip(".") + " %"

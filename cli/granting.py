"""What a grant is made of: the grantor's terms, and what it rests on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cli.exitcodes import UsageError
from cli.lang import say
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from contracts.grant import Issue
    from node.registry import Registry


@dataclass(frozen=True, slots=True)
class Terms:
    """What the grantor said on the command line.

    Args:
        template: Name of ready-made terms.
        file: With an ODRL policy.
        until: First instant after the term, Unix milliseconds.
        purposes, regions, count: Limits.
        kind: Offer or Agreement.
    """

    template: str | None
    file: Path | None
    until: UnixMillis | None
    purposes: tuple[str, ...]
    regions: tuple[str, ...]
    count: int | None
    kind: Literal["Offer", "Agreement"]


def find_parent(
    registry: "Registry", actor: SubjectKey, asset: SubjectKey, text: str | None
) -> SubjectKey | None:
    """What a grant rests on: None for the actor's own right to operate, else a grant.

    Raises:
        UsageError: The actor has several grants and does not say which.
        NotFoundError: The grant that was named is not there.
    """
    from cli.subjects import find_subject
    from contracts.force import held_rights
    from contracts.title import Asset
    from node.chains import find_live_grants

    if text is not None:
        return find_subject(registry, "grant", text)
    state = registry.need_state(Asset, asset)
    held = held_rights(state, actor, registry.clock.now())
    if any(value["right"] == "operate" for value in held):
        return None
    grants = find_live_grants(registry, actor, asset)
    if len(grants) > 1:
        raise UsageError(
            say(
                f"{actor} has several grants of {asset}: name one with --parent "
                f"({', '.join(grants)})",
                f"{actor} 就 {asset} 有多项授权：请用 --parent 指明（{'、'.join(grants)}）",
            ),
            "ambiguous",
        )
    return grants[0] if grants else None


def build_grant(
    registry: "Registry",
    sides: tuple[SubjectKey, SubjectKey],
    asset: SubjectKey,
    parent: SubjectKey | None,
    terms: Terms,
) -> "Issue":
    """The body of `grant.issue`.

    Args:
        registry: Of the ledger.
        sides: Grantor and grantee.
        asset: What is licensed.
        parent: What it rests on; None: a right of the grantor's.
        terms: What was said.

    Raises:
        UsageError: Neither a template nor a policy was given, or both.
        RejectedError: The policy has a term that is not known.
    """
    from msgspec import UNSET

    from contracts.grant import Issue
    from ledger.core.subjects import format_urn

    if (terms.template is None) == (terms.file is None):
        raise UsageError(
            say(
                "name the terms: either --template NAME or --policy FILE",
                "请给出条款：--template 模板名 或 --policy 文件，二选一",
            ),
            "option_required",
        )
    target = format_urn(registry.origin, asset)
    policy = _read_policy(terms, sides, target) if terms.file else _fill(terms, sides, target)
    return Issue(
        asset=asset,
        grantee=sides[1],
        policy=dict(policy),
        parent=UNSET if parent is None else parent,
    )


def _fill(terms: Terms, sides: tuple[SubjectKey, SubjectKey], target: str) -> JsonObject:
    from contracts.odrl import build_policy

    return build_policy(
        terms.template or "",
        type=terms.kind,
        target=target,
        assigner=sides[0],
        assignee=sides[1],
        until=terms.until,
        purposes=terms.purposes,
        regions=terms.regions,
        count=terms.count,
    )


def _read_policy(terms: Terms, sides: tuple[SubjectKey, SubjectKey], target: str) -> JsonObject:
    """A policy file; what names this grant is filled in where it is missing.

    Raises:
        UsageError: Limits were given that only a template takes.
        AssertionError: No file was given.
    """
    from cli.files import read_capped
    from contracts.odrl import PROFILE
    from ledger.core.canonical import decode_bundle
    from ledger.core.limits import MAX_SIGNED_EVENT_BYTES

    if terms.file is None:
        raise AssertionError("called with a file")
    limits = (terms.until, terms.purposes, terms.regions, terms.count)
    if any(limits):
        raise UsageError(
            say(
                "--until, --purpose, --region and --count go with --template: write them into the "
                "policy file as constraints",
                "--until、--purpose、--region、--count 仅用于 --template：请在策略文件中写为约束",
            )
        )
    data = read_capped(terms.file, MAX_SIGNED_EVENT_BYTES)
    policy = decode_bundle(data, max_bytes=MAX_SIGNED_EVENT_BYTES)
    named: JsonObject = {
        "type": terms.kind,
        "profile": PROFILE,
        "conflict": "prohibit",
        "target": target,
    }
    kind = policy.get("type", terms.kind)
    if kind != "Set":
        named = {**named, "assigner": sides[0], "assignee": sides[1]}
    return {**named, **policy}

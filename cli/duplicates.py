"""Content that was registered before: what a registrar is shown, and how it says what it found."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, get_args

from cli.exitcodes import UsageError
from cli.lang import say
from cli.registering import check_choice, show_containment, tell_match
from cli.session import Session
from cli.subjects import find_asset
from cli.words import show_label, show_word
from contracts.duplicates import DuplicateDecision, DuplicateFinding
from contracts.registration import Registration
from ledger.core.types import Json, JsonObject, SubjectKey
from node.duplicates import Match, Near, check_decided, duplicate_json, review_duplicates
from node.issuing import read_content
from node.nearduplicates import look_for_near, read_near
from node.registryapi import RegistryApi

DECISIONS: tuple[DuplicateDecision, ...] = get_args(DuplicateDecision)
_MAX_REASON = 400
_MATCHES: Final = {
    "exact": ("the registrar's own index", "登记机构自有索引"),
    "published": ("a published digest", "已公布的摘要"),
    "near": ("fingerprints", "内容指纹"),
}


_MEASURES: Final = {
    "rows": ("whole rows", "整行"),
    "shingles": ("groups of cells in a row", "同一行中的单元格组合"),
    "chunks": ("chunks of bytes", "字节分块"),
    "words": ("runs of words", "连续词语"),
}


def read_matches(registry: RegistryApi, key: SubjectKey) -> tuple[list[Match], bool]:
    """Assets with the same content as a registration's.

    Returns:
        The matches, and whether this vault has the content's openings: without them only published
        digests were compared.

    Raises:
        NotFoundError: There is no such registration.
    """
    asset = registry.need_state(Registration, key).asset
    contents = read_content(registry, asset)
    with closing(registry.open_vault()) as vault:
        near = read_near(vault, asset)
    return review_duplicates(registry, key, contents, near), bool(contents)


def compare_files(
    session: Session, registry: RegistryApi, key: SubjectKey, files: Sequence[Path]
) -> None:
    """Hold what is in a registration's files against all that was fingerprinted in this home.

    Raises:
        NotFoundError: There is no such file.
        RejectedError: A file is none of those that were filed.
        TablesMissingError: The packages that tables need are not installed.
    """
    contents = read_content(registry, registry.need_state(Registration, key).asset)
    total = sum(path.stat().st_size for path in files if path.is_file())
    with session.out.progress("Comparing", "比对", total) as advance:
        look_for_near(registry, key, contents, files, advance)


def read_findings(
    registry: RegistryApi, key: SubjectKey, texts: Sequence[str]
) -> tuple[DuplicateFinding, ...]:
    """What was decided about duplicates, held against what is there to decide about.

    Args:
        registry: Opened.
        key: The registration that is about to be recorded.
        texts: Of the option: `ASSET=DECISION:REASON`.

    Raises:
        UsageError: A text has another form, or its asset is named twice.
        NotFoundError: There is no such asset.
        RejectedError: Outside solo: a registered asset of the same content is not among them.
    """
    found = {each.asset: each for each in (_parse_finding(registry, text) for text in texts)}
    if len(found) != len(texts):
        raise UsageError(
            say("--duplicate names an asset once", "同一数据在 --duplicate 中只能出现一次"),
            "option_value",
        )
    if not registry.ledger.profile.is_solo:
        check_decided(read_matches(registry, key)[0], found.values())
    return tuple(found[asset] for asset in sorted(found))


def warn_matches(session: Session, registry: RegistryApi, key: SubjectKey) -> None:
    """Name what is registered of the same content, before the registrar goes on."""
    if registry.need_state(Registration, key).type != "initial":
        return
    for match in read_matches(registry, key)[0]:
        voucher = match.duplicate.voucher or say("no voucher", "无凭证")
        en, zh = tell_match(match.duplicate)
        session.out.warn(
            f"{en} is {match.duplicate.asset} ({voucher}): see "
            f"'muniment registration duplicates {key}'",
            f"{zh}另见 {match.duplicate.asset}（{voucher}）："
            f"见 muniment registration duplicates {key}",
        )


def show_matches(
    session: Session, key: SubjectKey, matches: Sequence[Match], *, is_indexed: bool
) -> None:
    """Print what has the same content as a registration."""
    if not is_indexed:
        session.out.warn(
            f"the openings of the content of {key} are not in this vault: only published digests "
            "were compared",
            f"本库没有 {key} 数据内容的开示内容：仅比对了已公布的摘要",
        )
    document: dict[str, Json] = {
        "registration": key,
        "indexed": is_indexed,
        "duplicates": [_match_json(match) for match in matches],
    }
    session.out.result(document, lambda: _show(session, matches))
    if any(match.duplicate.voucher and match.finding is None for match in matches):
        listed = ", ".join(DECISIONS)
        session.out.talk(
            "To record it all the same, say for each that has a voucher what was decided: "
            f"muniment registration record {key} ... --duplicate ASSET=DECISION:REASON, DECISION "
            f"one of {listed}",
            f"如仍予登记，须就有凭证者逐一写明认定：muniment registration record {key} …… "
            f"--duplicate 数据=认定:理由，认定为 {listed} 之一",
        )


def _show(session: Session, matches: Sequence[Match]) -> None:
    if not matches:
        print(say("No other asset has the same content.", "没有内容相同的其他数据。"))
    for match in matches:
        session.out.table("", list(_rows(match)))


def _rows(match: Match) -> Iterable[tuple[str, str]]:
    duplicate = match.duplicate
    yield say("asset", "数据"), duplicate.asset
    yield say("title", "名称"), show_label(match.title or "(not published)")
    yield say("match", "匹配依据"), say(*_MATCHES[duplicate.match])
    if duplicate.near is not None:
        yield from _near_rows(duplicate.near)
    yield say("registration", "登记"), f"{match.registration} ({show_word(match.status)})"
    yield say("voucher", "凭证"), duplicate.voucher or say("none", "无")
    when = say("earlier", "在先") if match.is_earlier else say("later", "在后")
    yield (
        say("filed", "申请"),
        say(f"{when}, log index {match.filed}", f"{when}，日志位置 {match.filed}"),
    )
    for party, name in match.applicants:
        yield say("applicant", "申请人"), f"{show_label(name)} ({party})"
    for each in match.holders:
        name = f"{show_word(each.right)}: {show_label(each.name)} ({each.party})"
        yield say("right-holder", "权利人"), name
    if match.finding is not None:
        said = f"{show_word(match.finding.decision)}: {match.finding.reason}"
        yield say("decided", "认定"), said


def _near_rows(near: Near) -> Iterable[tuple[str, str]]:
    of_new, of_earlier = show_containment(near)
    yield say("compared", "比对对象"), say(*_MEASURES[near.measure])
    yield say("new in earlier", "新内容见于在先者"), of_new
    yield say("earlier in new", "在先内容见于新者"), of_earlier


def _match_json(match: Match) -> JsonObject:
    finding = match.finding
    decided: JsonObject = (
        {} if finding is None else {"decision": finding.decision, "reason": finding.reason}
    )
    applicants: list[Json] = [{"party": party, "name": name} for party, name in match.applicants]
    holders: list[Json] = [
        {"party": each.party, "name": each.name, "right": each.right} for each in match.holders
    ]
    return {
        **duplicate_json(match.duplicate),
        "title": match.title,
        "registration": match.registration,
        "status": match.status,
        "filed": match.filed,
        "earlier": match.is_earlier,
        "applicants": applicants,
        "holders": holders,
        **decided,
    }


def _parse_finding(registry: RegistryApi, text: str) -> DuplicateFinding:
    asset, equals, decided = text.partition("=")
    decision, colon, reason = decided.partition(":")
    if not equals or not colon or not 1 <= len(reason.strip()) <= _MAX_REASON:
        raise UsageError(
            say(
                f"--duplicate is ASSET=DECISION:REASON, DECISION one of {', '.join(DECISIONS)}, "
                f"REASON of at most {_MAX_REASON} characters",
                f"--duplicate 格式为 数据=结论:理由，结论为 {'、'.join(DECISIONS)} 之一，"
                f"理由不超过 {_MAX_REASON} 个字符",
            ),
            "option_value",
        )
    return DuplicateFinding(
        asset=find_asset(registry, asset),
        decision=check_choice("--duplicate", decision, DECISIONS),
        reason=reason.strip(),
    )

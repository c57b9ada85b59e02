"""What to do next after an error: for people a line of its own, for programs `hint`.

Most messages end with it, after a colon; what is missing there stands in a table by code.
"""

import re
from typing import Final

from cli.lang import say

_BY_CODE: Final = {
    "answer": (
        "ask again, or ask another node or a mirror of the log",
        "请重试，或改向另一节点或镜像查询",
    ),
    "backdated": (
        "keep the state file as it is, and ask the registrar and an auditor",
        "请保留记忆文件，并询问登记机构与审计方",
    ),
    "consistency": (
        "ask another node or a mirror of the log; if none can show it, tell the witnesses",
        "请改向另一节点或镜像查询；仍无法证明的，请告知见证方",
    ),
    "fork": (
        "verify the evidence with 'muniment verify', and publish it",
        "请用 muniment verify 核实证据并公布",
    ),
    "catalogue_level": (
        "record it with --level important",
        "请以 --level important 登记",
    ),
    "important_filing": (
        "file it, then deliver again: muniment filing important ASSET --purpose P --document FILE "
        "--until DATE",
        "请先备案再交付：muniment filing important 数据 --purpose 用途 --document 文件 "
        "--until 日期",
    ),
    "level": (
        "record it with a higher --level, or with --downgrade ATTESTATION",
        "请以更高的 --level 登记，或以 --downgrade 指明降级评估",
    ),
    "calendar_unknown": (
        "publish that year's working days: muniment list publish calendar YEAR [FILE]",
        "请公布该年的工作日历：muniment list publish calendar 年份 [文件]",
    ),
    "corruption": (
        "keep all files as they are and run 'muniment audit'",
        "请保留全部文件，并运行 muniment audit",
    ),
    "evidence": (
        "give the file that the right rests on with --evidence FILE",
        "请用 --evidence 给出权利依据文件",
    ),
    "finding": (
        "see what was found: muniment auditor status",
        "请查看发现的问题：muniment auditor status",
    ),
    "form": (
        "mend the form, and check it with --dry-run",
        "请更正申请表，并用 --dry-run 复查",
    ),
    "identity_check": (
        "say how the identity was checked: --check-method METHOD --check-evidence FILE",
        "请说明身份核验方式与证据：--check-method 方式 --check-evidence 文件",
    ),
    "national": (
        "give --national-system, --national-record, --national-time and --national-file, by "
        "'muniment export national'",
        "请给出 --national-system、--national-record、--national-time 与 --national-file"
        "（由 muniment export national 导出）",
    ),
    "not_admitted": (
        "admit it (muniment party admit PARTY --role public-data-operator, below that --role "
        "developer), then issue the grant anew",
        "请先办理准入（muniment party admit 主体 --role public-data-operator，其下为 "
        "--role developer），再重新授权",
    ),
    "not_authorised": (
        "publish the list with it: muniment list publish public-data roots FILE",
        "请公布列有该主体的清单：muniment list publish public-data roots 文件",
    ),
    "notice": (
        "give --notice-system, --notice-ref and --notice-published",
        "请给出 --notice-system、--notice-ref 与 --notice-published",
    ),
    "notice_first": (
        "publish it: muniment registration publish ID --notice-system SYSTEM --notice-ref REF "
        "--notice-published TIME; or: muniment registration withhold ID --reason REASON",
        "请公示：muniment registration publish 标识 --notice-system 系统 --notice-ref 编号 "
        "--notice-published 时间；或：muniment registration withhold 标识 --reason 理由",
    ),
    "notice_running": (
        "record it from that time on, or withhold the notice before it is published",
        "请于该时间之后登记；尚未公示的，可决定不予公示",
    ),
    "stage": (
        "say the stage in the form, and what it is made of: muniment register --template initial",
        "请在申请表中写明加工程度与来源：muniment register --template initial",
    ),
    "purpose_missing": ("give --purpose and --scene", "请给出 --purpose 与 --scene"),
    "scene_missing": ("give --purpose and --scene", "请给出 --purpose 与 --scene"),
    "second_pledge": (
        "name them with --consent PARTY",
        "请用 --consent 主体 指明",
    ),
    "series_moved": (
        "record it again; of a draft: make it again with 'muniment registration record ID --out "
        "FILE', and have it signed again",
        "请重新登记；草稿须用 muniment registration record 标识 --out 文件 重新制作并签署",
    ),
    "wrong_passphrase": (
        "give the right one with --passphrase-file FILE",
        "请用 --passphrase-file 给出正确的口令",
    ),
    "wrong_step": (
        "see how far it is: muniment registration show ID",
        "请查看进度：muniment registration show 标识",
    ),
}

_OBJECTION: Final = re.compile("objection/[a-z2-7]{26}")
_OF_OBJECTION: Final = frozenset(
    {"answered_before", "objection_open", "same_objection", "wrong_parts", "wrong_step"}
)
"""Codes whose message names the objection that is to be looked at."""
_VERBS: Final = (
    "ask|choose|give|install|keep|look|make|move|name|publish|put|record|restore|run|say|see|set|"
    "sign|start|submit|try|upgrade|use|work|write"
)
_NEXT_STEP: Final = re.compile(
    rf"(?:[:;] |, )((?:{_VERBS})\b.+)|[：；]((?:请|见|可|用|须).+)", re.DOTALL
)


def find_hint(code: str, message: str) -> str | None:
    """What to do next, if there is something to do.

    Args:
        code: Of the error.
        message: As it is shown.
    """
    objection = _OBJECTION.search(message)
    if objection is not None and code in _OF_OBJECTION:
        return say(
            f"see how far it is: muniment objection show {objection[0]}",
            f"请查看进度：muniment objection show {objection[0]}",
        )
    if code in _BY_CODE:
        return say(*_BY_CODE[code])
    match = _NEXT_STEP.search(message)
    return None if match is None else match[1] or match[2]

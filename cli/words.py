"""Words of the ledger and its verifier as people read them: checks, statuses, members.

Under `--json` and in files these words never change; only what is shown to a person does.
"""

import re
from typing import Final

from cli.lang import is_chinese, say

DEMONSTRATION: Final = (
    "Demonstration certificate, without legal effect",
    "演示凭证，无法律效力",
)
"""Said wherever a voucher with a TEST number is shown."""

_CHINESE: Final = {
    # statuses of vouchers
    "valid": "有效", "not-yet": "尚未生效", "expired": "已过期", "frozen": "已冻结",
    "superseded": "已被替代", "cancelled": "已注销", "revoked": "已依职权注销", "absent": "不存在",
    "unknown": "不详", "pledged": "已质押", "disputed": "有争议", "noted": "有备注",
    # statuses of registrations, assets and parties
    "filed": "已申请", "returned": "待补正", "accepted": "已受理", "supplement": "待补充材料",
    "published": "公示中", "confidential": "不予公示", "recorded": "已登记", "lapsed": "已失效",
    "withdrawn": "已撤回", "refused": "不予登记", "registered": "已登记", "active": "正常",
    "suspended": "已暂停", "open": "开放",
    # instead of a title that is not public
    "(not published)": "（未公示）", "(initial)": "（初次登记）",
    # checks and what was not checked
    "expected": "类型与主题", "credential signature": "凭证签名", "issued": "登记事件",
    "voucher state": "凭证状态", "asset state": "数据状态", "belonging": "彼此对应",
    "inclusion": "收录证明", "state": "状态证明", "history": "完整历史", "data": "登记文件",
    "quorum": "见证签名", "state root re-executed": "状态根经重新执行",
    "rules followed": "规则遵循", "freshness": "时效", "split view": "分叉视图",
    "national system": "国家系统", "key belonged to party": "密钥归属",
    "date after as_of": "截止日期之后的情况", "date asked about": "所问日期",
    "history before this page": "本页之前的历史", "registered file": "登记文件",
    # details of checks
    "what was asked for": "与要求一致", "the record is in the log": "登记事件在日志中",
    "proved": "已证明", "proved absent": "已证明不存在", "recent enough": "未过时",
    "credential, record and states are of one voucher": "凭证、登记事件与状态属于同一凭证",
    "this is the registered file": "此文件即所登记的文件",
    "an auditor of the policy re-executed every entry and cosigned":
        "策略所列审计方已重新执行全部条目并签名",
    # members of states
    "subject": "主题", "asset": "数据", "voucher": "凭证", "registration": "登记", "party": "主体",
    "title": "名称", "summary": "概述", "restrictions": "限制", "openness": "开放方式",
    "industry": "行业", "source": "来源", "fields": "公示内容", "content": "内容承诺",
    "classification": "分类分级", "class": "类别", "level": "级别", "standard": "标准",
    "assessed_by": "评定方", "list_version": "目录版本", "parties": "主体", "tuples": "权利",
    "digests": "公布的摘要", "status": "状态", "credential": "凭证摘要", "issuer": "签发密钥",
    "valid_from": "有效期自", "valid_until": "有效期至", "type": "类型", "filer": "申请人",
    "application": "申请承诺", "deadline": "期限", "decision": "意见", "was_returned": "曾退回补正",
    "name": "名称", "kind": "性质", "uscc": "统一社会信用代码", "keys": "密钥", "roles": "身份",
    "right": "权利", "holder": "权利人", "basis": "依据", "evidence": "证据", "until": "截止",
    "hold": "持有权", "use": "使用权", "operate": "经营权", "origin": "账本", "profile": "规则",
    "leaves": "条目", "entries": "事件", "blocks": "区块", "subjects": "主题数",
    "last_time": "最新时间", "file": "文件", "dossier": "档案", "opening": "开示文件",
    "key": "密钥", "initial": "初次登记", "form": "形式", "temporal": "时间范围",
    "spatial": "地域范围", "stage": "加工程度", "update_frequency": "更新频率",
    "volume": "规模", "freezes": "冻结",
    "pledges": "质押", "disputes": "争议", "notes": "备注", "publisher": "公布方",
    "version": "版本", "recovery": "密钥恢复", "effective": "生效时间", "claims": "声明",
    "events": "事件数", "present": "存在",
    # roles
    "operator": "运营方", "registrar": "登记机构", "regulator": "监管方", "applicant": "申请人",
    "auditor": "审计方",
}  # fmt: skip

_DETAILS: Final = (
    (re.compile(r"signed by (\S+)"), r"签署密钥 \1"),
    (re.compile(r"cosigned by (.+)"), r"见证方 \1"),
    (re.compile(r"leaf (\d+) is in the log"), r"第 \1 条在日志中"),
    (re.compile(r"(\d+) events, none left out"), r"\1 个事件，无遗漏"),
)

_UNCHECKED: Final = {
    "state root re-executed": (
        "nobody whom the policy calls an auditor re-executed the log",
        "策略未列审计方，无人重新执行日志",
    ),
    "rules followed": (
        "follows from re-execution: 'muniment audit' at the registry, or an auditor in the policy",
        "须重新执行方可得知：在登记系统运行 muniment audit，或在策略中列入审计方",
    ),
    "freshness": (
        "the proof may be old: ask with --max-age, such as --max-age 7d",
        "证明可能较旧：可用 --max-age 7d 等选项要求",
    ),
    "split view": (
        "the policy asks no witness, so others may be shown another log",
        "策略未要求见证方，他人所见日志可能不同",
    ),
    "national system": (
        "whether the national system holds the same was not asked",
        "未与国家数据产权登记服务系统核对",
    ),
    "key belonged to party": (
        "that the keys are those parties' rests on the registrar's enrolment",
        "密钥归属以登记机构的入册为准",
    ),
    "date asked about": (
        "only a voucher is in force at a date; the file is judged as of its own proof",
        "只有凭证才有在某日是否有效的问题；本文件按其自身证明的时间判断",
    ),
    "date after as_of": (
        "the date asked about is later than what the proof knows",
        "所问日期晚于证明的截止时间",
    ),
    "history before this page": (
        "verify the earlier pages of the dossier too",
        "请一并验证档案的前几页",
    ),
    "registered file": (
        "is some file the registered one? Ask with --data FILE",
        "某文件是否为所登记的文件？请用 --data 文件 查询",
    ),
}


def show_word(text: str) -> str:
    """A word of the ledger for people: itself in English, and where no Chinese is known."""
    return _CHINESE.get(text, text) if is_chinese() else text


def show_label(text: str) -> str:
    """What a subject is called: somebody's own words, or ours in brackets where there are none."""
    return show_word(text) if text.startswith("(") else text


def show_status(text: str) -> str:
    """A voucher's status for people."""
    return "not yet valid" if text == "not-yet" and not is_chinese() else show_word(text)


def show_detail(text: str) -> str:
    """What a check shows; in Chinese as far as it is known."""
    for english, chinese in _DETAILS if is_chinese() else ():
        match = english.fullmatch(text)
        if match is not None:
            return match.expand(chinese)
    return show_word(text)


def show_member(path: str) -> str:
    """A member of a state, by its dotted path: each part for people."""
    return ".".join(map(show_word, path.split(".")))


def explain_unchecked(name: str) -> str:
    """What was not checked, and what that means or how to have it checked."""
    sentence = _UNCHECKED.get(name)
    if sentence is None:
        return show_word(name)
    return f"{show_word(name)}{say(': ', '：')}{say(*sentence)}"


def find_notice(subject: str) -> str:
    """What has to be said of a voucher with this number or key; empty if nothing.

    Args:
        subject: `TEST2026110001` or `voucher/TEST2026110001`.
    """
    return say(*DEMONSTRATION) if subject.removeprefix("voucher/").startswith("TEST") else ""

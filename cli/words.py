"""Words of the ledger and its verifier as people read them: checks, statuses, members.

Under `--json` and in files these words never change; only what is shown to a person does.
"""

import re
from typing import Final

from cli.casewords import CASES
from cli.lang import is_chinese, say

DEMONSTRATION: Final = (
    "Demonstration certificate, without legal effect",
    "演示凭证，无法律效力",
)
"""Said wherever a voucher with a TEST number is shown."""

_CHINESE: Final = CASES | {
    # statuses of vouchers
    "valid": "有效", "not-yet": "尚未生效", "expired": "已过期", "frozen": "已冻结",
    "superseded": "已被替代", "cancelled": "已注销", "revoked": "已依职权注销", "absent": "不存在",
    "alive": "有效",
    "unknown": "不详", "pledged": "已质押", "disputed": "有争议", "noted": "有备注",
    # statuses of registrations, assets and parties
    "filed": "已申请", "returned": "待补正", "accepted": "已受理", "supplement": "待补充材料",
    "published": "公示中", "confidential": "不予公示", "recorded": "已登记", "lapsed": "已失效",
    "objected": "异议处理中",
    "withdrawn": "已撤回", "refused": "不予登记", "registered": "已登记", "active": "正常",
    "suspended": "已暂停", "open": "开放",
    # steps of a chain of title, and their statuses
    "transfer": "转让", "grant": "授权", "delivery": "交付", "usage": "使用存证", "pledge": "质押",
    "freeze": "冻结", "offered": "待接受", "live": "有效", "dead": "已失效", "sent": "已发送",
    "received": "已签收", "in-force": "生效中", "released": "已解除", "lifted": "已解除",
    "terminated": "已终止", "exited": "已退出", "ended": "已终止",
    "Offer": "要约", "Agreement": "协议", "Set": "单方许可",
    # where a right comes from
    "self-generated": "自行产生", "commissioned": "受托或委托产生", "contract": "协议取得",
    "personal": "自然人自有数据", "crawled-public": "自动化程序收集公开数据",
    "crawled-product": "收集公开数据加工形成的产品", "fused": "融合形成", "derived": "衍生创造",
    "public-utility": "公用事业服务产生", "public-product": "公共数据授权运营产品",
    "entrusted": "受托处理", "state-organ": "国家机关履职产生",
    # how data is classified
    "enterprise": "企业数据", "public": "公共数据", "general-1": "一般数据 1 级",
    "general-2": "一般数据 2 级", "general-3": "一般数据 3 级", "general-4": "一般数据 4 级",
    "important": "重要数据", "core": "核心数据", "unconditional": "无条件开放",
    "conditional": "有条件开放", "closed": "不予开放",
    # lists, attestations and filings
    "negative": "负面清单", "positive": "正面清单", "important-data": "重要数据目录",
    "attestation": "证明", "compliance": "合规", "risk": "风险", "security-review": "安全审查",
    "audit": "审计", "valuation": "估值", "quality": "质量", "certification": "认证",
    "algorithm": "算法", "downgrade": "降级评估", "entity-admission": "主体准入公证",
    "data-admission": "数据准入公证", "data-authenticity": "数据真实性公证", "filings": "备案",
    "data-leak": "数据泄露公证", "model-safety": "模型安全公证", "entry": "条目", "filing": "备案",
    # a transfer and its form
    "moves": "转让权利", "transferors": "转让方", "transferees": "受让方", "agent": "代理人",
    "supersedes": "替代凭证", "vouchers": "历次凭证", "number": "编号", "judgment": "判决",
    "arbitration": "仲裁", "merger": "合并", "succession": "继承", "liquidation": "清算",
    "change": "变更", "renewal": "续期", "cancellation": "注销", "applicants": "申请人",
    "before": "变更前", "after": "变更后", "years": "年数", "cancels": "注销凭证",
    "distinct": "不同数据", "same-data-other-right": "同一数据的其他权利",
    "same-data-again": "同一数据再次登记",
    "data_scope": "数据范围", "scope": "转让范围", "term": "期限", "use_scope": "使用范围",
    # an enrolment and a grant, as drafts show them
    "id_number": "证件号码", "grantee": "被授权方", "policy": "条款", "check": "身份核验",
    "party_kind": "性质", "legal": "法人", "natural": "自然人", "unincorporated": "非法人组织",
    "corrected": "登记机构更正",
    # what a record says, as its draft shows it
    "tests": "审查结论", "accuracy": "准确性", "clarity": "明确性",
    # a registrar's successor
    "successor": "承接机构", "catalogue": "目录条目", "former": "历任登记机构",
    # mandates of agents
    "mandates": "授权委托", "mandate": "委托书摘要", "types": "登记类型",
    "declared": "申报权利（尚未确认）",
    # notes beside a registration, and objections to it
    "agreed-limits": "约定限制", "seizure": "查封扣押", "temporary-control": "临时管控",
    "by-law": "法定", "note": "备注", "text": "内容", "objection": "异议",
    "(objection)": "（异议）", "notified": "已告知权利人", "responded": "权利人已答复",
    "to-court": "仲裁或诉讼中", "dismissed": "异议不成立", "upheld": "异议成立",
    "responses": "权利人答复", "agrees": "同意", "reasons": "理由", "outcome": "结论",
    # instead of a title that is not public
    "(natural person)": "（自然人）", "(not published)": "（未公示）", "(initial)": "（初次登记）",
    "(transfer)": "（转让登记）", "(change)": "（变更登记）", "(renewal)": "（续期登记）",
    "(cancellation)": "（注销登记）",
    # checks and what was not checked
    "expected": "类型与主题", "credential signature": "凭证签名", "issued": "登记事件",
    "voucher state": "凭证状态", "asset state": "数据状态", "belonging": "彼此对应",
    "inclusion": "收录证明", "state": "状态证明", "history": "完整历史", "data": "登记文件",
    "quorum": "见证签名", "state root re-executed": "状态根经重新执行",
    "rules followed": "规则遵循", "freshness": "时效", "split view": "分叉视图",
    "national system": "国家系统", "key belonged to party": "密钥归属",
    "date after as_of": "截止日期之后的情况", "date asked about": "所问日期",
    "history before this page": "本页之前的历史", "marks at that date": "该日期的标注",
    "pending renewal": "在途续期", "acceptance by silence": "视为受理",
    "registered file": "登记文件",
    # details of checks
    "what was asked for": "与要求一致", "the record is in the log": "登记事件在日志中",
    "proved": "已证明", "proved absent": "已证明不存在", "recent enough": "未过时",
    "credential, record and states are of one voucher": "凭证、登记事件与状态属于同一凭证",
    "this is the registered file": "此文件即所登记的文件",
    "an auditor of the policy re-executed every entry and cosigned":
        "策略所列审计方已重新执行全部条目并签名",
    "manifest": "清单", "statement": "陈述", "one log": "同一日志",
    "explanatory text": "说明文字",
    "says what the proofs show": "与证明一致",
    "statement texts": "陈述文本", "say what the statement says": "与陈述一致",
    "one checkpoint": "同一检查点", "under all proofs": "全部证明均在其下",
    # evidence packs and the wallet
    "pack": "证据包", "case": "案卷", "purpose": "用途", "trading": "数据流通交易",
    "accounting": "数据资源入表", "financing": "数据融资担保", "contribution": "数据作价入股",
    "dispute": "纠纷举证", "enterprise-support": "申请企业支持政策",
    "receipt": "回执",
    # verdicts, acts, duties and queries
    "permitted": "允许", "prohibited": "禁止", "not covered": "未涵盖", "answered": "已答复",
    "read": "读取", "aggregate": "汇聚", "modify": "修改", "derive": "衍生", "extract": "提取",
    "anonymize": "匿名化", "archive": "存档", "index": "索引", "distribute": "提供副本",
    "grantUse": "转授使用", "sell": "出售", "give": "赠与", "muniment:encumber": "设定担保",
    "muniment:export": "出境", "acceptTracking": "接受追踪", "delete": "删除",
    "compensate": "付费", "obtainConsent": "取得同意", "ensureExclusivity": "保证独占",
    "inform": "告知", "recipient": "接收方", "systemDevice": "系统或设备",
    "dateTime": "时间", "payAmount": "金额", "action": "行为", "verdict": "结论",
    "clause": "条款", "because": "理由", "chain": "权利链", "total": "累计", "below": "下级授权",
    "copy": "副本", "sender": "交付方", "certificate": "查询证明", "rows": "行数",
    "withheld": "略去", "marked rows": "标记行", "invented rows": "虚构的行",
    # checks of answers, deliveries and usage lines
    "proofs": "证明", "answer": "答复",
    "worked out again from the proofs": "已由证明重新得出",
    "says what the proof says": "与证明一致", "the delivery is in the log": "交付在日志中",
    "the file is of this delivery": "文件属于该次交付",
    # private lookup
    "bucket": "状态分桶", "key hash prefix": "标识散列前缀",
    # what a node said
    "signed by the node of the ledger": "由账本的节点签署", "answer is true": "答复属实",
    # what a light client finds
    "fork": "分叉", "forked": "账本已分叉", "first note": "第一份检查点",
    "second note": "第二份检查点", "prefix": "第二份的相应开头", "as_of": "截至", "root": "根哈希",
    "seen_at": "首次收到", "cosigned_by": "见证方", "audited": "经审计方重新执行", "size": "大小",
    # auditors and mirrors
    "confirmed": "最近确认", "age_s": "副本时长（秒）", "documents_missing": "缺少的文件数",
    "files": "写入文件数", "documents": "文件数", "missing": "缺少", "folder": "目录",
    "executed": "已重新执行", "height": "区块数", "state_root": "状态根", "cosigned": "已联署",
    "where": "位置", "what": "内容", "found": "实为", "found_at": "发现时间",
    "finding": "发现", "no finding": "未发现问题", "reached": "已达最新",
    "watched": "所关注主题", "first": "首次", "advanced": "有新增", "same": "无变化",
    "older": "较旧", "the log's key signed two histories": "账本密钥签署了两套历史",
    "this is the delivered copy": "此文件即所交付的副本",
    "usage-line": "使用明细", "usage batch": "使用批次", "usage line": "明细",
    "agreement": "一致性", "actor": "存证方", "count": "数量", "at": "时间",
    "sum of the batch": "批次合计", "what the line says": "明细内容",
    "the batch is in the log": "批次在日志中", "line and batch say the same": "明细与批次一致",
    "duties fulfilled": "义务履行", "stated facts": "所述事实",
    "topic": "所问", "fact": "所述事实", "limit": "上限", "used": "已用", "remaining": "剩余",
    "holders": "权利人", "grants": "授权",
    # public data
    "authorisations": "公共数据授权", "authorisation": "授权", "scene": "场景",
    "muniment:scene": "场景", "listed": "历次列入", "public-data-operator": "公共数据运营机构",
    "developer": "开发主体",
    "state after this event": "此事件之后的状态",
    # catalogues and files for the national system
    "what is sent": "报送内容", "ready": "办结条件",
    "recorded result": "登记结果", "datasets": "数据条目",
    "names this digest, and its result": "载明此摘要与此结果",
    "registers this result": "所登记与此结果一致", "assets left out": "目录是否列全",
    "members not yet published": "尚未公示的内容", "result not yet recorded": "尚未登记的结果",
    # members of states
    "subject": "主题", "asset": "数据", "voucher": "凭证", "registration": "登记", "party": "主体",
    "title": "名称", "summary": "概述", "restrictions": "限制", "openness": "开放方式",
    "industry": "行业", "source": "来源", "fields": "公示内容", "content": "内容承诺",
    "classification": "分类分级", "class": "类别", "level": "级别", "standard": "标准",
    "assessed_by": "评定方", "list_version": "目录版本", "parties": "主体", "tuples": "权利",
    "digests": "公布的摘要", "status": "状态", "credential": "凭证摘要", "issuer": "签发方",
    "valid_from": "有效期自", "valid_until": "有效期至", "type": "类型", "filer": "提交人",
    "about": "所涉凭证", "notice": "公示", "notice_end": "公示期满", "objections": "异议",
    "extensions": "延长次数", "national": "国家系统存证", "system": "系统", "ref": "公示编号",
    "published_at": "发布时间", "by": "提出方", "reason": "理由",
    "application": "申请承诺", "deadline": "期限", "decision": "意见", "was_returned": "曾退回补正",
    "name": "名称", "kind": "性质", "uscc": "统一社会信用代码", "keys": "密钥", "roles": "身份",
    "right": "权利", "holder": "权利人", "basis": "依据", "evidence": "证据", "until": "截止",
    "hold": "持有权", "use": "使用权", "operate": "经营权", "origin": "账本", "profile": "规则",
    "policy_line": "策略行",
    "leaves": "条目", "entries": "事件", "blocks": "区块", "subjects": "主题数",
    "last_time": "最新时间", "file": "文件", "dossier": "档案", "opening": "开示文件",
    "encumbrance": "质押", "order": "冻结令", "(pledge)": "（质押）", "rights": "权利",
    "pledgor": "出质人", "pledgee": "质权人", "consents": "同意的在先质权人",
    "secures": "所担保合同", "ground": "理由", "document": "依据文件",
    "key": "密钥", "initial": "初次登记", "form": "形式", "temporal": "时间范围",
    "spatial": "地域范围", "stage": "加工程度", "update_frequency": "更新频率",
    "volume": "规模", "freezes": "冻结",
    "pledges": "质押", "disputes": "争议", "notes": "备注", "publisher": "公布方",
    "version": "版本", "recovery": "密钥恢复", "effective": "生效时间", "claims": "声明",
    "events": "事件数", "present": "存在",
    # roles
    "operator": "运营方", "registrar": "登记机构", "regulator": "监管方", "applicant": "申请人",
    "auditor": "审计方", "valuer": "估值机构", "notary": "公证机构", "certifier": "认证机构",
    "arbitrator": "仲裁机构", "assessor": "评估机构",
}  # fmt: skip

_ENGLISH: Final = {"not-yet": "not yet valid", "in-force": "in force"}

_OF_KIND: Final = {
    ("revoked", "grant"): "已撤回", ("objected", "filing"): "监管方反对",
    ("filed", "objection"): "已提出",
}  # fmt: skip

_ACTIONS: Final = {"use": "使用"}
"""Acts that are called by a word that means something else elsewhere, such as a right."""

_KINDS: Final = {
    "check": "行为核查", "query": "查询", "certificate": "查询证明", "usage-line": "使用明细",
    "national": "国家系统报送文件", "catalogue": "数据目录",
}  # fmt: skip
"""Kinds of files that are called by a word that means something else elsewhere."""

_WORD_BY_WORD: Final = frozenset(("right", "grant", "chain"))
_CLASSES: Final = {"personal": "个人数据"}
_SINGLE_WORDS: Final = frozenset(
    (
        "basis",
        "corrected",
        "kind",
        "level",
        "openness",
        "purpose",
        "roles",
        "topic",
        "type",
        "verdict",
    )
)

# Apart from the rest, because `from` and `to` are also ends of a time.
_ROLES: Final = {
    "from": "转让方", "to": "受让方", "grantor": "授权方", "grantee": "被授权方",
    "sender": "交付方", "recipient": "接收方", "agent": "代理人", "issuer": "签发方",
    "user": "使用方", "responses.by": "答复方", "marker": "标记方", "escrow": "密钥托管方",
}  # fmt: skip

# Members of what is published and of evidence; elsewhere these words mean other things.
_MEMBERS: Final = {
    "digest": "摘要", "evidence_time": "存证时间", "record": "存证编号", "start": "起始",
    "end": "截止", "users": "使用主体", "qualification": "购买方资质", "environment": "使用环境",
    "region": "使用地域", "method": "方式", "resale": "转售", "export": "出境", "other": "其他",
}  # fmt: skip

_DETAILS: Final = (
    (re.compile(r"signed by (\S+)"), r"签署密钥 \1"),
    (re.compile(r"cosigned by (.+)"), r"见证方 \1"),
    (re.compile(r"leaf (\d+) is in the log"), r"第 \1 条在日志中"),
    (re.compile(r"(\d+) events, none left out"), r"\1 个事件，无遗漏"),
    (re.compile(r"(\d+) subjects, none left out"), r"\1 个主题，无遗漏"),
    (re.compile(r"(\d+) states and (\d+) whole histories"), r"\1 个状态、\2 份完整历史"),
    (
        re.compile(r"line (\d+) of (\d+) is under the root of the batch"),
        r"第 \1 条（共 \2 条）在批次的根之下",
    ),
    (re.compile(r"(\d+) datasets, as proved"), r"\1 个数据条目，与证明一致"),
    (re.compile(r"(\d+) files, as listed"), r"\1 个文件，与清单一致"),
    (re.compile(r"(\d+) of (\d+), worked out again"), r"已重新计算 \2 项中的 \1 项"),
    (re.compile(r"(\d+) commitments opened"), r"已开示 \1 项承诺"),
)


def show_word(text: str) -> str:
    """A word of the ledger for people: itself in English, and where no Chinese is known."""
    return _CHINESE.get(text, text) if is_chinese() else text


def show_check(name: str) -> str:
    """The name of a check; in a pack it stands behind the path of its file."""
    path, colon, rest = name.rpartition(": ")
    return f"{path}{say(': ', '：')}{show_word(rest)}" if colon else show_word(name)


def show_label(text: str) -> str:
    """What a subject is called: somebody's own words, or ours in brackets where there are none."""
    return show_word(text) if text.startswith("(") else text


def show_status(text: str, kind: str = "") -> str:
    """A status for people.

    Args:
        text: As the ledger or the verifier calls it.
        kind: What has it; a grant is revoked by its grantor, a voucher by law.
    """
    if not is_chinese():
        return _ENGLISH.get(text, text)
    return _OF_KIND.get((text, kind)) or show_word(text)


def show_action(text: str) -> str:
    """An ODRL action for people."""
    return _ACTIONS.get(text) or show_word(text) if is_chinese() else text


def show_kind(text: str) -> str:
    """The kind of a file for people."""
    return _KINDS.get(text) or show_word(text) if is_chinese() else text


def show_fact(name: str, value: str) -> str:
    """What a verifier shows: the ledger's own words for people, others' as they are.

    Args:
        name: Of the row, as in a report.
        value: As in a report.
    """
    if name == "action":
        return show_action(value)
    if name == "class":
        return _CLASSES.get(value) or show_word(value) if is_chinese() else value
    if name == "fact":
        operand, _, fact = value.partition(" ")
        return f"{show_word(operand)} {fact}"
    if name in _WORD_BY_WORD:
        words = value.split(" ")
        return " ".join(show_role(word) if word == "from" else show_word(word) for word in words)
    if name in _SINGLE_WORDS:
        return show_word(value)
    return _show_code(name, value) if is_chinese() else value


def _show_code(name: str, value: str) -> str:
    """What a blank of a form was filled with, as the form calls it."""
    from node.forms.codes import FREQUENCIES, SHAPES, SOURCES, SPATIAL, STAGES

    blanks = {
        "form": SHAPES,
        "source": SOURCES,
        "spatial": SPATIAL,
        "stage": STAGES,
        "update_frequency": FREQUENCIES,
    }
    return blanks.get(name, {}).get(value, value)


def show_role(text: str, step: str = "") -> str:
    """A party's role in a step for people, or another member of the step.

    Args:
        text: As the ledger calls it.
        step: What it is a member of, where that makes a difference.
    """
    if not is_chinese():
        return text
    return _ROLES.get(f"{step}.{text}") or _ROLES.get(text) or show_member(text)


def show_detail(text: str) -> str:
    """What a check shows; in Chinese as far as it is known."""
    for english, chinese in _DETAILS if is_chinese() else ():
        match = english.fullmatch(text)
        if match is not None:
            return match.expand(chinese)
    return show_word(text)


def show_rule(rule: str) -> str:
    """The rule that a refusal or a duty rests on: `Art. 26, 28` is 第 26、28 条."""
    if not is_chinese():
        return rule
    if rule.startswith("Art. "):
        return f"第 {rule.removeprefix('Art. ').replace(', ', '、')} 条"
    return re.sub(r"annex(?:es)? (\d)(?: to (\d))?", _name_annexes, rule)


def _name_annexes(found: "re.Match[str]") -> str:
    last = found[2]
    return f"附件 {found[1]}" if last is None else f"附件 {found[1]} 至 {last}"


def show_member(path: str) -> str:
    """A member of a state, by its dotted path: each part for people."""
    known = _MEMBERS if is_chinese() else {}
    return ".".join(known.get(part) or show_word(part) for part in path.split("."))


def find_notice(subject: str) -> str:
    """What has to be said of a voucher with this number or key; empty if nothing.

    Args:
        subject: `TEST2026110001` or `voucher/TEST2026110001`.
    """
    return say(*DEMONSTRATION) if subject.removeprefix("voucher/").startswith("TEST") else ""

"""The sentences of clauses, in English and Chinese, which an answer carries with its code.

`{0}` stands for the subject, `{1}` for the path in a policy, `{2}` for a limit on the count. And the
sentences of certificates.
"""

import json
from datetime import datetime, timedelta, timezone

from tests.support.independent_signed import b64url, need

SENTENCES = {
    "unknown_asset": ("there is no {0} on this ledger", "本账本上没有 {0}"),
    "unknown_party": (
        "{0} was not enrolled then: it had no rights here",
        "{0} 当时尚未入册，不享有任何权利",
    ),
    "unknown_then": (
        "the state of {0} does not reach back so far: ask its dossier",
        "{0} 的状态未保留至该日期：请查阅其完整历史（dossier）",
    ),
    "inactive": (
        "{0} was suspended or had left, and might not act",
        "{0} 当时已被暂停或已退出，不得操作",
    ),
    "frozen": (
        "{0} was frozen by order of a regulator: until it is lifted nobody may",
        "{0} 当时被监管方冻结：解除之前任何人均不得为之",
    ),
    "restricted": (
        "the restrictions registered with {0} prohibit it, whoever acts",
        "{0} 登记的限制范围禁止该行为，对任何人均适用",
    ),
    "unopened": (
        "the restrictions registered with {0} were never opened, and may prohibit it: have the "
        "registrar open them",
        "{0} 登记的限制范围未予公开，可能禁止该行为：请由登记机构公开",
    ),
    "own_right": (
        "the party held a registered right in {0} that covers it",
        "该主体对 {0} 享有涵盖该行为的登记权利",
    ),
    "pledged": (
        "the right in {0} was pledged: until the pledgee releases it, it does not move, "
        "and is pledged again only with the pledgee's signature",
        "{0} 上的该项权利已出质：质权人解除之前不得转让，再次出质须经其签署同意",
    ),
    "expired": (
        "the term of the voucher of {0} was over and its renewal undecided: the right is "
        "transferred once the renewal is recorded",
        "{0} 的凭证有效期已届满，续期申请尚未办结：待续期登记后方可转让该项权利",
    ),
    "no_route": (
        "{0} had neither a right nor a grant that says anything of it: it would need a "
        "grant from whoever may license",
        "{0} 没有涵盖该行为的权利或授权：须由有权许可的一方授权",
    ),
    "unknown_chain": (
        "{0} rests on something that is not known here: show the whole chain",
        "{0} 所依据的上级授权未知：请出示完整授权链",
    ),
    "no_operate_right": (
        "the right to operate {0} that the chain rests on was not in force: register or renew it",
        "授权链所依据的 {0} 经营权当时不在有效状态：请先登记或续期",
    ),
    "grant_offered": (
        "{0} was an offer that nobody had accepted: the grantee accepts it first",
        "{0} 当时仍是未被接受的要约：须先由被授权方接受",
    ),
    "grant_live": ("{0} was live already", "{0} 当时已生效"),
    "grant_revoked": (
        "{0} had been revoked: ask its grantor for a new one",
        "{0} 当时已被撤回：请向授权方重新取得授权",
    ),
    "grant_not_yet": ("{0} had not been issued yet", "{0} 当时尚未授予"),
    "grant_not_begun": (
        "the term of {0} had not begun, or was interrupted: wait for the date that it names",
        "{0} 的期限当时尚未开始或处于间断：请待其所定日期",
    ),
    "grant_expired": (
        "the term of {0} was over: ask its grantor for a new one",
        "{0} 的期限当时已届满：请向授权方重新取得授权",
    ),
    "permitted": ("{1} permits it", "{1} 允许该行为"),
    "exhausted": (
        "{1} permits at most {2} in all, and all {2} are recorded: no further act is permitted; "
        "ask for a higher count",
        "{1} 累计仅允许 {2} 次，且 {2} 次均已登记，不得再为：请取得更高次数的授权",
    ),
    "prohibited": (
        "{1} prohibits it: it would need terms without this prohibition",
        "{1} 禁止该行为：须取得不含该禁止的条款",
    ),
    "no_permission": (
        "no permission reaches it: ask for terms that name it",
        "没有任何许可涵盖该行为：请取得明确列出该行为的条款",
    ),
    "may_be_prohibited": (
        "{1} prohibits a part of it: ask about that part by its own name",
        "{1} 禁止其中一部分：请就具体行为分别查询",
    ),
}


def say(code, subject, path, count=None):
    """The two sentences of a clause; those of a permission tell when its count is used up."""
    is_used_up = code == "permitted" and count is not None and count["remaining"] == 0
    most = None if count is None else count["limit"]
    words = SENTENCES["exhausted" if is_used_up else code]
    return tuple(one.format(subject, path, most) for one in words)


# --- certificates (domain, section 6)

FOUND = ("Query certificate", "查询证明")
NONE = ("Certificate of no record", "无登记记录证明")
ASKED = {
    "holders": ("Right-holders of {} on {}:", "{} 于 {} 的权利人："),
    "rights": ("Rights of {} on {}:", "{} 于 {} 享有的权利："),
    "grants": ("Grants of {} in force on {}, all of them:", "{} 于 {} 的全部有效授权："),
    "below": ("{} and everything below it on {}:", "{} 及其全部下级授权于 {} 的情况："),
    "authorisations": (
        "Authorisations of public data live on {1}, all of them, by {0}:",
        "依 {0}，于 {1} 有效的全部公共数据授权：",
    ),
}
RIGHTS = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
BASES = {
    "self-generated": "自行产生",
    "commissioned": "受托或委托产生",
    "contract": "协议取得",
    "personal": "自然人自有数据",
    "crawled-public": "自动化程序收集公开数据",
    "crawled-product": "收集公开数据加工形成的产品",
    "fused": "融合形成",
    "derived": "衍生创造",
    "public-utility": "公用事业服务产生",
    "public-product": "公共数据授权运营产品",
    "entrusted": "受托处理",
    "state-organ": "国家机关履职产生",
}
ACTS = {
    "use": "以各种方式使用",
    "read": "读取",
    "aggregate": "汇聚",
    "modify": "修改",
    "derive": "加工衍生",
    "extract": "提取部分内容",
    "anonymize": "匿名化处理",
    "archive": "存档",
    "index": "编制索引",
    "distribute": "向他人提供副本",
    "grantUse": "许可他人使用",
    "transfer": "转让",
    "sell": "有偿转让",
    "give": "无偿转让",
    "muniment:encumber": "设定担保",
    "muniment:export": "数据出境",
}
DUTIES = {
    "acceptTracking": ("accept that the use is tracked", "接受使用追踪"),
    "delete": ("delete the data at the end", "到期删除数据"),
    "compensate": ("pay for it", "支付对价"),
    "obtainConsent": ("obtain consent first", "事先取得同意"),
    "ensureExclusivity": ("keep it exclusive", "确保独占"),
    "inform": ("inform the grantor", "告知授权方"),
}
VERDICTS = {"permitted": "允许", "prohibited": "禁止", "not covered": "未涵盖"}
STATUSES = {
    "valid": "有效",
    "superseded": "已被替代",
    "cancelled": "已注销",
    "revoked": "已依职权注销",
}
NOTHING = ("None.", "无。")
TO_COME = ("grant_offered", "grant_not_begun")
"""Why a grant is not in force, and may be one day: nothing of it is dead."""


def certify_state(proof):
    """Title and sentences of a certificate about a state, each in English and Chinese."""
    subject, value = proof["subject"], proof["value"]
    if value is None:
        return NONE, [as_of(proof), (f"There is no {subject}.", f"不存在 {subject}。")]
    time = instant(value["time"])
    sentences = [
        as_of(proof),
        (
            f"{subject} is recorded; it has {value['n']} events, the newest of {time}.",
            f"{subject} 有登记记录，共 {value['n']} 个事件，最近一次为 {time}。",
        ),
    ]
    if value["type"] == "voucher/1":
        sentences.append(say_voucher(value["state"], seal_of(proof)["time"]))
    return FOUND, sentences


def say_voucher(state, sealed):
    """A voucher expires without an event, so the time of the seal decides what it is worth."""
    status = state["status"][-1]["value"]
    start, end = instant(state["valid_from"]), instant(state["valid_until"])
    if state["valid_until"] <= sealed:
        return (
            f"It has expired: it was valid from {start} until {end}; its last status was {status}.",
            f"已过期：有效期自 {start} 至 {end}；最后状态：{STATUSES[status]}。",
        )
    return (
        f"Its status is {status}; it is valid from {start} until {end}.",
        f"状态：{STATUSES[status]}；有效期自 {start} 至 {end}。",
    )


def certify_query(proof):
    query, found = proof["query"], proof["answer"]
    subject, topic, state = query["subject"], query["topic"], first_state(proof)
    if found["status"] == "absent":
        return NONE, [as_of(state), (f"There is no {subject}.", f"不存在 {subject}。")]
    asked = tuple(words.format(subject, instant(query["at"])) for words in ASKED[topic])
    shown = list_findings(topic, subject, found)
    return FOUND, [as_of(state), asked, *say_later(query["at"], state), *(shown or [NOTHING])]


def list_findings(topic, subject, found):
    if found["status"] == "unknown":
        en = "The states do not reach back so far; the whole history does."
        return [(en, "状态未保留至该日期，须查阅完整历史。")]
    if topic == "rights":
        held = [one for one in found["assets"] if one["rights"]]
        return [sentence for one in held for sentence in list_held(one, subject)]
    if topic == "holders":
        rights = [say_right(one, "") for one in found["rights"]]
        freezes = [say_freeze(one, f"{subject}: ") for one in found["freezes"]]
        pledges = [say_pledge(one, "") for one in found["pledges"]]
        return [*(rights or [NOTHING]), *freezes, *pledges]
    if topic == "authorisations":
        return [say_authorisation(one) for one in found["authorisations"]]
    return [say_grant(one) for one in found["grants"]]


def list_held(asset, holder):
    """What a party has in an asset, and what burdens that: a freeze, and its own pledges."""
    before = f"{asset['asset']}: "
    pledges = [one for one in asset["pledges"] if one["holder"] == holder]
    return [
        *(say_right(one, before) for one in asset["rights"]),
        *(say_freeze(one, before) for one in asset["freezes"]),
        *(say_pledge(one, before) for one in pledges),
    ]


def say_right(one, before):
    en = [f"{before}{one['holder']}: {one['right']}", f"on the basis {one['basis']}"]
    zh = [f"{before}{one['holder']}：{RIGHTS[one['right']]}", f"依据 {BASES[one['basis']]}"]
    if "from" in one:
        en.append(f"by transfer from {one['from']}")
        zh.append(f"受让自 {one['from']}")
    if "until" in one:
        en.append(f"until {instant(one['until'])}")
        zh.append(f"至 {instant(one['until'])} 止")
    if "limits" in one:
        en.append(f'with the limits "{one["limits"]}"')
        zh.append(f"限制：“{one['limits']}”")
    return ", ".join(en) + ".", "，".join(zh) + "。"


def say_freeze(one, before):
    return f"{before}frozen by {one['order']}.", f"{before}已被 {one['order']} 冻结。"


def say_pledge(one, before):
    holder, key, rights = one["holder"], one["encumbrance"], one["rights"]
    named = "、".join(RIGHTS[right] for right in rights)
    return (
        f"{before}{holder}: {', '.join(rights)} pledged by {key}.",
        f"{before}{holder}：{named}已依 {key} 出质。",
    )


def say_grant(one):
    sides, why = f"{one['grant']}: {one['grantor']} > {one['grantee']}", one["because"]
    if one["status"] == "alive":
        return f"{sides}, in force.", f"{sides}，有效。"
    if one["own_status"] == "not-yet":
        return f"{sides}, not yet issued.", f"{sides}，尚未授予。"
    if why["code"] in TO_COME:
        return f"{sides}, not in force: {why['en']}.", f"{sides}，未生效：{why['zh']}。"
    return f"{sides}, dead: {why['en']}.", f"{sides}，已失效：{why['zh']}。"


def say_authorisation(one):
    """A live authorisation of public data: who, for what, where and how long."""
    sides = " > ".join(one[name] for name in ("root", "operator", "developer") if one[name])
    limits = [one[name] or ["*"] for name in ("purposes", "scenes")]
    since = instant(one["since"])
    until = "" if one["until"] is None else f", until {instant(one['until'])}"
    zh_end = "，未定期限" if one["until"] is None else f"，至 {instant(one['until'])} 止"
    en, zh = ([joint.join(each) for each in limits] for joint in (", ", "、"))
    return (
        f"{one['grant']}: {one['asset']}, {sides}, for the purposes {en[0]}, "
        f"in the scenes {en[1]}, since {since}{until}.",
        f"{one['grant']}：{one['asset']}，{sides}，用途：{zh[0]}，场景：{zh[1]}，"
        f"自 {since} 起{zh_end}。",
    )


def certify_check(proof):
    asked, found, state = proof["inquiry"], proof["answer"], first_state(proof)
    party, asset, action = asked["party"], asked["asset"], asked["action"]
    verdict, said, date = found["verdict"], found["clause"], instant(asked["at"])
    place = f"{said['subject']} {said['path']}".rstrip()
    return FOUND, [
        as_of(state),
        (
            f"{action} by {party} of {asset}, as of {date}: {verdict}.",
            f"{party} 对 {asset} 的行为“{ACTS[action]}”，截至 {date}：{VERDICTS[verdict]}。",
        ),
        *say_later(asked["at"], state),
        (f"{place}: {said['en']}.", f"{place}：{said['zh']}。"),
        *say_duties(found["duties"]),
        *say_count(found["count"]),
    ]


def say_duties(duties):
    if not duties:
        return []
    en, zh = zip(*(DUTIES[one["action"]] for one in duties), strict=True)
    return [
        (
            f"In return: {', '.join(en)}; whether that was done is not known here.",
            f"同时须{'、'.join(zh)}；是否履行，本证明无从得知。",
        )
    ]


def say_count(count):
    if count is None:
        return []
    most, used, left = count["limit"], count["used"], count["remaining"]
    return [
        (
            f"Of {most} in all, {used} were recorded by the time of this proof; {left} are left.",
            f"累计限 {most} 次，截至本证明已登记 {used} 次，剩余 {left} 次。",
        )
    ]


def say_later(time, state):
    """The warning that an answer about a date needs which its proof does not reach."""
    if time <= seal_of(state)["time"]:
        return []
    return [
        (
            "This date is later than the proof; what happened since is not known.",
            "该日期晚于本证明；其后发生的情况未知。",
        )
    ]


def first_state(proof):
    return [*proof["states"], *(one["state"] for one in proof["dossiers"])][0]


def seal_of(state):
    """The seal that a state bundle shows."""
    return json.loads(b64url(state["seal"]["entry"]))["seal"]


def as_of(state):
    """The first sentence."""
    seal = seal_of(state)
    time, size = instant(seal["time"]), seal["first"] + seal["count"] + 1
    return (
        f"As of {time} by the clock of the ledger, at {size} entries:",
        f"截至账本时间 {time}（账本共 {size} 条）：",
    )


LAST = 253_402_272_000_000
"""The year 10000 at UTC+08:00 begins."""


def instant(time):
    """RFC 3339 at UTC+08:00, with a fraction only where there is one."""
    need(time < LAST, "a date after the year 9999")
    zone = timezone(timedelta(hours=8))
    moment = datetime(1970, 1, 1, 8, tzinfo=zone) + timedelta(milliseconds=time)
    return moment.isoformat(timespec="milliseconds" if time % 1000 else "seconds")

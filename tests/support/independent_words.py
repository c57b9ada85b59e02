"""The sentences of clauses, in English and Chinese, which an answer carries with its code.

`{0}` stands for the subject, `{1}` for the path in a policy. And the sentences of certificates.
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
    "own_right": (
        "the party held a registered right in {0} that covers it",
        "该主体对 {0} 享有涵盖该行为的登记权利",
    ),
    "pledged": (
        "the right in {0} was pledged: until the pledgee releases it, it does not move, "
        "and is pledged again only with the pledgee's signature",
        "{0} 上的该项权利已出质：质权人解除之前不得转让，再次出质须经其签署同意",
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


def say(code, subject, path):
    """The two sentences of a clause."""
    return tuple(one.format(subject, path) for one in SENTENCES[code])


# --- certificates (domain, section 6)

FOUND = ("Query certificate", "查询证明")
NONE = ("Certificate of no record", "无登记记录证明")
ASKED = {
    "holders": ("Right-holders of {} on {}:", "{} 于 {} 的权利人："),
    "rights": ("Rights of {} on {}:", "{} 于 {} 享有的权利："),
    "grants": ("Grants of {} in force on {}, all of them:", "{} 于 {} 的全部有效授权："),
    "below": ("{} and everything below it on {}:", "{} 及其全部下级授权于 {} 的情况："),
}
RIGHTS = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
VERDICTS = {"permitted": "允许", "prohibited": "禁止", "not covered": "未涵盖"}


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
        state = value["state"]
        status, *dates = (
            state["status"][-1]["value"],
            instant(state["valid_from"]),
            instant(state["valid_until"]),
        )
        en = "Its status is {}; it is valid from {} until {}."
        sentences.append(
            (en.format(status, *dates), f"状态：{status}；有效期自 {dates[0]} 至 {dates[1]}。")
        )
    return FOUND, sentences


def certify_query(proof):
    query, found = proof["query"], proof["answer"]
    subject, date = query["subject"], instant(query["at"])
    opening = as_of([*proof["states"], *(one["state"] for one in proof["dossiers"])][0])
    if found["status"] == "absent":
        return NONE, [opening, (f"There is no {subject}.", f"不存在 {subject}。")]
    asked = tuple(words.format(subject, date) for words in ASKED[query["topic"]])
    shown = list_findings(query["topic"], found)
    return FOUND, [opening, asked, *(shown or [("None.", "无。")])]


def list_findings(topic, found):
    if found["status"] == "unknown":
        en = "The states do not reach back so far; the whole history does."
        return [(en, "状态未保留至该日期，须查阅完整历史。")]
    if topic == "rights":
        assets = found["assets"]
        return [s for one in assets for s in list_rights(one["rights"], f"{one['asset']}: ")]
    if topic == "holders":
        return list_rights(found["rights"], "")
    return [say_grant(one) for one in found["grants"]]


def list_rights(rights, before):
    return [
        (
            f"{before}{one['holder']}: {one['right']}, on the basis {one['basis']}.",
            f"{before}{one['holder']}：{RIGHTS[one['right']]}，依据 {one['basis']}。",
        )
        for one in rights
    ]


def say_grant(one):
    sides = f"{one['grant']}: {one['grantor']} > {one['grantee']}"
    if one["status"] == "alive":
        return f"{sides}, in force.", f"{sides}，有效。"
    why = one["because"]
    return f"{sides}, dead: {why['en']}.", f"{sides}，已失效：{why['zh']}。"


def certify_check(proof):
    asked, said = proof["inquiry"], proof["answer"]["clause"]
    party, asset, action = asked["party"], asked["asset"], asked["action"]
    verdict, date = proof["answer"]["verdict"], instant(asked["at"])
    place = f"{said['subject']} {said['path']}".rstrip()
    return FOUND, [
        as_of([*proof["states"], *(one["state"] for one in proof["dossiers"])][0]),
        (
            f"{action} by {party} of {asset}, as of {date}: {verdict}.",
            f"{party} 对 {asset} 的 {action} 行为，截至 {date}：{VERDICTS[verdict]}。",
        ),
        (f"{place}: {said['en']}.", f"{place}：{said['zh']}。"),
    ]


def as_of(state):
    """The first sentence, from the seal that a state bundle shows."""
    leaf = json.loads(b64url(state["seal"]["entry"]))["seal"]
    time, size = instant(leaf["time"]), leaf["first"] + leaf["count"] + 1
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

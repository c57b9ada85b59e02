"""The statement of an evidence pack as people read it, in English and Chinese.

A text follows from the statement alone, so a verifier can write it again and compare. Nothing in it
goes beyond the statement: what is not proved is said in the same breath.

Spec: Art. 4, 21, 26, 31 and 34; domain, section 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from contracts.chinese import BASES
from contracts.clocks import format_instant
from contracts.records import AnyJson
from ledger.core.types import Json, UnixMillis
from node.statement import Need, Statement

TEXT_FILES: Final = {"en": "statement.en.txt", "zh-CN": "statement.zh-cn.txt"}
"""Where the text lies in a pack, by language; paths of a pack are in lower case."""

_Pair = tuple[str, str]

_PURPOSES: Final[Mapping[str, _Pair]] = {
    "trading": ("trading of data", "数据流通交易"),
    "accounting": ("recognition of data in the accounts", "数据资源入表"),
    "financing": ("financing against data as security", "数据融资担保"),
    "contribution": ("contribution of data as capital", "数据作价入股"),
    "dispute": ("evidence in a dispute", "纠纷举证"),
    "enterprise-support": ("an application for enterprise support", "申请企业支持政策"),
}

_MEANINGS: Final[Mapping[str, _Pair]] = {
    "trading": (
        "A registration voucher proves the registered rights in trade (Art. 31). To provide the "
        "data to others takes the right to operate it (Art. 4). The pack does not say whether a "
        "certain buyer may do a certain act: ask 'muniment grant check'.",
        "登记凭证在流通交易中可作为数据产权的证明（第三十一条）。向他人提供数据须享有经营权（第四"
        "条）。某一买受方可否实施某一行为，不在本证据包范围内：请用 muniment grant check 查询。",
    ),
    "accounting": (
        "A registration voucher shows lawful control of the data (Art. 31). Whether the data is an "
        "asset, at which cost and for how long, is for the accounting standards and the auditor to "
        "say: no value is proved here.",
        "登记凭证可作为合法拥有或者控制数据的依据（第三十一条）。是否确认为资产、成本与摊销期限，"
        "由会计准则与审计判断：本证据包不证明任何价值。",
    ),
    "financing": (
        "A registration voucher shows lawful control of the data (Art. 31). To give data as "
        "security takes the right to operate it (Art. 4). A new pledge shows only once it is "
        "recorded ('muniment pledge'); a second one needs the consent of the first pledgee. No "
        "value is proved.",
        "登记凭证可作为合法拥有或者控制数据的依据（第三十一条）。以数据提供担保须享有经营权"
        "（第四条）。新的质押记入账本（muniment pledge）后方可查见；再次质押须经在先质权人同意。"
        "本证据包不证明任何价值。",
    ),
    "contribution": (
        "A registration voucher shows lawful control of the data (Art. 31). To contribute data as "
        "capital takes the right to operate it (Art. 4), and the right moves only by a transfer "
        "registration, after which the transferor keeps nothing of it (Art. 34). No value is "
        "proved.",
        "登记凭证可作为合法拥有或者控制数据的依据（第三十一条）。以数据作价出资须享有经营权"
        "（第四条），权利仅随转让登记转移，转让后转让方不再享有（第三十四条）。"
        "本证据包不证明任何价值。",
    ),
    "dispute": (
        "The registration and its history can be put forward as evidence in a dispute (Art. 31). "
        "The pack shows what was recorded, by whom and when. Who is right is for the court or the "
        "arbitrator to decide, whose decision in force binds the registrar (Art. 29).",
        "登记及其历史可在纠纷中作为证据（第三十一条）。本证据包证明何人于何时记录了何事。"
        "是非曲直由法院或仲裁机构认定，其生效裁判对登记机构有约束力（第二十九条）。",
    ),
    "enterprise-support": (
        "A registration voucher counts in policies that support enterprises, and is to be accepted "
        "without a new review and without a fee (Art. 31). Whether the other conditions of a "
        "policy are met is not proved here.",
        "登记凭证可用于享受相关支持政策，有关方面应予采信，不得另行审查或者收费（第三十一条）。"
        "是否符合政策的其他条件，不在本证据包范围内。",
    ),
}

_NEEDS: Final[Mapping[str, _Pair]] = {
    "in-force": ("the voucher is in force", "凭证处于有效状态"),
    "any-right": ("a right is in force", "有权利处于有效状态"),
    "operate-right": ("the right to operate is in force", "经营权处于有效状态"),
    "not-frozen": ("no order freezes the data", "数据未被冻结"),
    "not-pledged": ("no right is pledged", "权利未被质押"),
    "not-disputed": ("no dispute is open", "没有未决争议"),
    "whole-history": ("the whole history is in the pack", "证据包内含完整历史"),
}

_STATUSES: Final[Mapping[str, _Pair]] = {
    "valid": ("in force", "有效"),
    "expired": ("EXPIRED", "已过期"),
    "frozen": ("FROZEN", "已冻结"),
    "superseded": ("SUPERSEDED by a later voucher", "已被后续凭证替代"),
    "cancelled": ("CANCELLED", "已注销"),
    "revoked": ("REVOKED by the registrar", "已依职权注销"),
}

_RIGHTS: Final[Mapping[str, _Pair]] = {
    "hold": ("right to hold", "持有权"),
    "use": ("right to use", "使用权"),
    "operate": ("right to operate", "经营权"),
}

_UNPROVED: Final[Sequence[_Pair]] = (
    (
        "Anything later than the proofs: ask for a newer pack, or 'muniment query voucher'.",
        "证明时间之后的情况：请索取新的证据包，或查询登记系统。",
    ),
    (
        "That the national system holds the same; where it differs, it prevails (Art. 27).",
        "国家数据产权登记服务系统所存信息与此一致；如不一致，以该系统为准（第二十七条）。",
    ),
    (
        "That the data is correct, complete, lawful in its source, or worth anything: the "
        "registrar reviewed what it was shown (Art. 18), the ledger keeps what it decided.",
        "数据内容真实、完整、来源合法或具有价值：登记机构依所提交材料审查（第十八条），"
        "账本仅保存其决定。",
    ),
    (
        "That the keys are those parties' own: this rests on the registrar's check at enrolment.",
        "密钥确属相应主体：以登记机构入册时的核验为准。",
    ),
    (
        "That the rules were followed in every entry, unless an auditor of your trust policy says "
        "so; 'muniment verify' names what it did not check.",
        "每条记录均遵循规则：除非信任策略中的审计方确认；muniment verify 会逐项列明未检查事项。",
    ),
    (
        "Contracts, prices and agreements that are not on the ledger.",
        "未记入账本的合同、价格与约定。",
    ),
)

_DEMONSTRATION: Final = (
    "DEMONSTRATION CERTIFICATE, WITHOUT LEGAL EFFECT",
    "演示凭证，无法律效力",
)


def format_statement(statement: Statement, language: str) -> str:
    """The statement in words.

    Args:
        statement: As it lies in the pack.
        language: `en` or `zh-CN`.
    """
    writer = _Writer(statement, is_chinese=language == "zh-CN")
    return "\n".join(writer.lines()) + "\n"


def describe_need(need: str, language: str) -> str:
    """What a purpose asks for, in words.

    Args:
        need: As the statement names it.
        language: `en` or `zh-CN`.
    """
    return _NEEDS[need][language == "zh-CN"]


def pack_name(number: str, purpose: str) -> str:
    """What a pack is called unless somebody says otherwise."""
    return f"{number}.{purpose}.zip"


class _Writer:
    def __init__(self, statement: Statement, *, is_chinese: bool) -> None:
        self._it = statement
        self._is_chinese = is_chinese
        self._names = {str(holder.party): holder for holder in statement.holders}

    def lines(self) -> Iterator[str]:
        yield from self._head()
        yield from self._section("1. Rights and holders then", "一、当时的权利与权利人")
        yield from self._rights()
        yield from self._section("2. Marks and limits then", "二、当时的标注与限制")
        yield from self._marks()
        yield from self._section("3. For this purpose", "三、就该用途而言")
        yield self._pair(_MEANINGS[self._it.purpose])
        yield from map(self._need, self._it.needs)
        yield from self._section("4. Proved by this pack", "四、本证据包所证明的")
        yield from self._proved()
        yield from self._section("5. NOT proved", "五、本证据包未证明的")
        yield from (f"- {self._pair(pair)}" for pair in _UNPROVED)
        yield from self._section("6. How to verify", "六、如何验证")
        yield from self._verify()

    def _say(self, en: str, zh: str) -> str:
        return zh if self._is_chinese else en

    def _pair(self, pair: _Pair) -> str:
        return self._say(*pair)

    def _section(self, en: str, zh: str) -> Iterator[str]:
        yield ""
        yield self._say(en, zh)

    def _row(self, en: str, zh: str, value: str) -> str:
        return self._say(f"{en}: ", f"{zh}：") + value

    def _head(self) -> Iterator[str]:
        it = self._it
        purpose = self._pair(_PURPOSES[it.purpose])
        yield self._say(f"Evidence pack for {purpose}", f"证据包：{purpose}")
        if it.voucher.startswith("TEST"):
            yield self._pair(_DEMONSTRATION)
        yield ""
        if it.title is not None:
            yield self._row("Data", "数据名称", _plain(it.title))
        yield self._row("Voucher", "登记凭证", it.voucher)
        yield self._row("Asset", "数据标识", it.asset)
        yield self._row("Registrar", "登记机构", _plain(it.issuer))
        yield self._row("Ledger", "账本", it.log.origin)
        yield self._row("Valid from", "有效期自", _date(it.valid_from))
        yield self._row("Valid until", "有效期至", _date(it.valid_until))
        yield self._row("As of", "截至", _date(it.as_of))
        yield self._row("Status then", "当时状态", self._status())
        if it.status != "valid":
            yield self._say(
                "WARNING: on that date the voucher was NOT in force.",
                "警告：该日期凭证不在有效状态。",
            )
        if it.as_of > it.log.time:
            yield self._say(
                f"The proofs reach to {_date(it.log.time)}; of later times they say nothing.",
                f"证明截至 {_date(it.log.time)}；此后的情况不在其内。",
            )

    def _status(self) -> str:
        pair = _STATUSES.get(self._it.status)
        return self._it.status if pair is None else self._pair(pair)

    def _rights(self) -> Iterator[str]:
        if not self._it.rights:
            yield self._say("- no right was in force", "- 没有处于有效状态的权利")
        for right in self._it.rights:
            name = self._pair(_RIGHTS.get(str(right["right"]), (str(right["right"]),) * 2))
            parts = [name, self._holder(str(right["holder"]))]
            basis = str(right.get("basis"))
            parts.append(self._row("basis", "依据", self._say(basis, BASES.get(basis, basis))))
            source = right.get("from")
            if isinstance(source, str):
                parts.append(self._row("by transfer from", "受让自", self._holder(source)))
            until, limits = right.get("until"), right.get("limits")
            if isinstance(until, int):
                parts.append(self._row("until", "至", _date(until)))
            if isinstance(limits, str):
                parts.append(self._row("limits", "限制", _plain(limits)))
            yield "- " + self._say("; ", "；").join(parts)

    def _holder(self, party: str) -> str:
        holder = self._names.get(party)
        known = [] if holder is None else [_plain(holder.name), holder.uscc]
        return self._say(", ", "，").join([*filter(None, known), party])

    def _marks(self) -> Iterator[str]:
        it = self._it
        for values, en, zh in (
            (it.freezes, "FROZEN by a regulator", "已被监管方冻结"),
            (it.pledges, "PLEDGED", "已质押"),
            (it.disputes, "DISPUTED", "存在争议"),
            (it.notes, "NOTED by the registrar", "登记机构备注"),
        ):
            yield from (f"- {self._row(en, zh, self._mark(value))}" for value in values)
        if not (it.freezes or it.pledges or it.disputes or it.notes):
            yield self._say(
                "- neither frozen nor pledged, disputed or noted",
                "- 未冻结、未质押、无争议、无备注",
            )
        if it.level is not None:
            yield "- " + self._row("level (GB/T 43697)", "数据级别（GB/T 43697）", it.level)
        limits = _plain(it.restrictions) or self._say("none registered", "未登记限制")
        yield f"- {self._row('restrictions as registered', '登记的限制范围', limits)}"

    def _mark(self, value: AnyJson) -> str:
        if not isinstance(value, Mapping):
            return _plain(value)
        shown = (
            _plain(member) if name != "rights" else self._right_names(member)
            for name, member in sorted(value.items())
            if member is not None
        )
        return self._say(", ", "，").join(shown)

    def _right_names(self, value: Json) -> str:
        names = value if isinstance(value, list | tuple) else [value]
        pairs = (_RIGHTS.get(str(name), (str(name),) * 2) for name in names)
        return self._say(" and ", "、").join(map(self._pair, pairs))

    def _need(self, need: Need) -> str:
        word = self._say("yes", "是") if need.met else self._say("NO", "否")
        return f"- {self._row(*_NEEDS[need.need], word)}"

    def _proved(self) -> Iterator[str]:
        it = self._it
        yield self._say(
            "- The voucher was issued by this registrar, its record is in the log, and its state "
            "and that of the data are as said above.",
            "- 凭证由该登记机构签发，其登记事件在日志中，凭证与数据的状态如上所述。",
        )
        for history in it.histories:
            yield (
                "- "
                + self._row("history of", "历史", history.subject)
                + (
                    self._say(
                        f", whole: {history.events} event(s), none left out",
                        f"，完整：{history.events} 个事件，无遗漏",
                    )
                    if history.whole
                    else self._say(
                        f", not in the pack: its {history.events} events are more than a dossier "
                        "holds; its present state is",
                        f"，未收入：共 {history.events} 个事件，超出档案上限；仅收入其现有状态",
                    )
                )
            )
        if it.opening:
            yield self._say(
                "- Which file was registered: opening.json opens the commitment. Whoever has the "
                "pack can tell the registered file from others.",
                "- 所登记的文件：opening.json 开示了承诺。持有本证据包者可辨认所登记的文件。",
            )

    def _verify(self) -> Iterator[str]:
        it = self._it
        data = " --data FILE" if it.opening else ""
        yield self._say(
            "Take the registry's trust.policy from the registry itself, never from whoever shows "
            "you this pack, and run:",
            "请直接向登记系统索取信任策略 trust.policy，切勿使用出示人提供的，然后运行：",
        )
        yield (
            f"    muniment verify {pack_name(it.voucher, it.purpose)} --policy trust.policy "
            f"--as-of {_date(it.as_of)}{data}"
        )
        yield self._say(
            "It needs no network. Exit code 0: authentic and in force then; 7: authentic but not "
            "in force; 3 and 4: do not rely on it. Leave out --as-of to ask about today.",
            "无须联网。退出码 0：真实且当时有效；7：真实但当时不在有效状态；3 与 4：不可采信。"
            "省略 --as-of 则查询当前。",
        )


def _date(time: int) -> str:
    return format_instant(UnixMillis(time))


def _plain(value: AnyJson) -> str:
    """A value on one line, so that no title passes for a line of ours."""
    if value is None:
        return ""
    return " ".join(str(value).split())

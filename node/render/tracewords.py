"""What a finding says, in sentences: the same in a terminal, on a page and in a verdict.

A sentence follows from the finding alone, so a verifier can write it again and compare. Nothing in
it goes beyond the finding: what was not tested is said in the same breath.

Spec: tracing, sections 3 and 4.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.clocks import CHINA_OFFSET_MINUTES, DAY_MS, format_instant
from ledger.core.types import UnixMillis
from node.render.text import plain
from node.render.tracecautions import list_cautions
from node.tracing.bounds import show_chance, show_share
from node.tracing.finding import Candidate, Finding, Named, Step

_Pair = tuple[str, str]

RUNGS: Final[Mapping[str, _Pair]] = {
    "exact": ("the same bytes", "字节完全相同"),
    "table": ("the same table in another form", "同一表格，形式不同"),
    "rows": ("rows in common (sketch)", "共有的行（抽样指纹）"),
    "shingles": ("groups of cells in common (sketch)", "共有的单元格组合（抽样指纹）"),
    "chunks": ("blocks of content in common", "共有的内容分块"),
    "words": ("runs of words in common", "共有的连续词语"),
    "alignment": ("rows aligned with the original", "与原始数据逐行对齐"),
}
_OUTCOMES: Final[Mapping[str, _Pair]] = {
    "match": ("yes", "是"),
    "no-match": ("no", "否"),
    "not-tested": ("not tested", "未检验"),
}
_SKETCHED: Final = ("rows", "shingles", "chunks", "words")
_TOO_LITTLE: Final[_Pair] = ("too little to say so", "不足以认定")
_WHY: Final[Mapping[str, _Pair]] = {
    "no-asset": ("it derives from no asset known here", "未发现其源自此处已知的数据"),
    "no-table": (
        "the file is no table, and only tables are marked",
        "该文件不是表格，仅表格可作标记",
    ),
    "no-deliveries": ("the asset was never delivered by this ledger", "账本上没有该数据的交付记录"),
    "no-marks": ("none of its deliveries is marked", "其各次交付均未作标记"),
    "no-key": (
        "no marking key of its deliveries is at hand: run this as the party that delivered, or "
        "take in the keys that were escrowed ('muniment escrow open')",
        "没有其任何一次交付的标记密钥：请以交付方身份运行，或先导入托管的密钥"
        "（muniment escrow open）",
    ),
    "no-original": (
        "the marks are read against the original: name it with --original FILE",
        "须对照原始数据读取标记：请用 --original 文件 给出",
    ),
    "no-rows": ("no row of it could be found in the original", "在原始数据中找不到其任何一行"),
    "too-weak": (
        "no delivery scores beyond what an innocent one may; more rows of the file might decide it",
        "没有任何一次交付的得分超出无关交付可能达到的范围：若能取得更多行，或可认定",
    ),
}
_VERDICTS: Final[Mapping[str, _Pair]] = {
    "permitted": (
        "was permitted by the ledger's grants to hand the data on",
        "依账本所载授权可以向他人提供该数据",
    ),
    "prohibited": (
        "was prohibited from handing the data on",
        "被禁止向他人提供该数据",
    ),
    "not covered": (
        "had no permission on the ledger to hand the data on",
        "在账本上没有向他人提供该数据的许可",
    ),
}
_SPENT: Final = (
    "had a permission for a number of acts, all of which are recorded by now",
    "曾获一定次数的许可，而次数现已全部记录",
)
_ACTS: Final[Mapping[str, _Pair]] = {
    "stated": ("as stated by whoever had the file traced", "由委托追踪者所述"),
    "found": ("the day on which the file was found", "文件被发现之日"),
    "traced": ("the day of the trace, as no other was stated", "未说明其他日期，取追踪之日"),
}
_UNTESTED: Final[tuple[_Pair, ...]] = (
    (
        "rows that were newly made after the statistics of the table (synthetic data)",
        "依表格统计特征新生成的行（合成数据）",
    ),
    (
        "a few hundred rows or fewer, and tables of which 99 % was deleted",
        "仅数百行或更少，以及删去 99 % 的表格",
    ),
    (
        "changes aimed at the marks by somebody who has the original",
        "持有原始数据者针对标记所作的改动",
    ),
    (
        "tables joined into new rows, sums and averages, pictures, prints",
        "由多表连接而成的新行、汇总与平均值、图片、打印件",
    ),
)
_CUSTODY: Final[Mapping[str, _Pair]] = {
    "by": ("who found it", "何人发现"),
    "at": ("when", "何时发现"),
    "where": ("where", "何地发现"),
    "how": ("how it was obtained", "如何取得"),
}
_MODELS: Final[Mapping[str, _Pair]] = {
    "random": ("cells at random", "逐格随机"),
    "majority": ("cells by majority", "逐格取多数"),
    "minority": ("cells by minority", "逐格取少数"),
    "original": ("original cells first", "优先取原值"),
    "other": ("changed cells first", "优先取改动值"),
    "coin": ("cells by chance", "有异处随机"),
}
"""How copies are put together, by the names of a score's patterns."""
_SMALL: Final[Mapping[int, _Pair]] = {
    -12: ("one in a trillion or less", "不超过一万亿分之一"),
    -9: ("one in a billion or less", "不超过十亿分之一"),
    -6: ("one in a million or less", "不超过百万分之一"),
    -3: ("one in a thousand or less", "不超过千分之一"),
}


class Teller:
    """Says a finding in one language.

    Args:
        finding: What is said.
        language: `en` or `zh-CN`.
    """

    def __init__(self, finding: Finding, language: str) -> None:
        self.finding = finding
        self.language = language

    def say(self, en: str, zh: str) -> str:
        """The sentence in this language."""
        return zh if self.language.startswith("zh") else en

    def pair(self, pair: _Pair) -> str:
        """The one of two sentences that is in this language."""
        return self.say(*pair)

    def date(self, time: int) -> str:
        """An instant at UTC+08:00, to the second; the last one of a day stands for the day."""
        day, _, rest = format_instant(UnixMillis(time - time % 1000)).partition("T")
        if (time + CHINA_OFFSET_MINUTES * 60_000 + 1) % DAY_MS == 0:
            return day
        return f"{day} {rest.replace('+', ' +')}"

    def chance(self, chance: int) -> str:
        """A chance in figures, and in words where it is small."""
        words = next((pair for power, pair in _SMALL.items() if chance <= power * 1000), None)
        if words is None:
            return show_chance(chance)
        return self.say(
            f"{show_chance(chance)} ({words[0]})", f"{show_chance(chance)}（{words[1]}）"
        )

    def pattern(self, name: str) -> str:
        """What a delivery scored best as; a name that this program does not know stays as it is."""
        match name.split("/"):
            case [("one" | "restored") as kind, rows, marks]:
                rest = self.say(", rest original", "，其余为原值") if kind == "restored" else ""
                return self.say(
                    f"one copy, {rows} % of rows, {marks} % of marks{rest}",
                    f"单一副本，行 {rows} %，标记 {marks} %{rest}",
                )
            case [model, copies] if model in _MODELS:
                how = self.pair(_MODELS[model])
                return self.say(f"{copies} copies, {how}", f"{copies} 份副本，{how}")
            case ["filled"]:
                return self.say("rows the named ones lack", "已指明者所缺的行")
            case _:
                return name

    def party(self, key: str) -> str:
        """What a party is called."""
        return plain(self.finding.name_of(key))

    def step(self, step: Step) -> str:
        """What a rung of the ladder said; a sample that shows little does not say that none is."""
        is_little = step.outcome == "no-match" and step.rung in _SKETCHED
        outcome = _TOO_LITTLE if is_little else _OUTCOMES[step.outcome]
        return self.say(": ", "：").join((self.pair(RUNGS[step.rung]), self.pair(outcome)))

    def derivation(self) -> str:
        """From which asset the file derives."""
        it = self.finding.derivation
        if it.asset is None:
            return self.say(
                "The file derives from no registered asset of which this home has a fingerprint.",
                "未发现该文件源自本目录持有指纹的任何已登记数据。",
            )
        name = self._asset()
        if any(step.rung == "exact" and step.outcome == "match" for step in it.steps):
            return self.say(
                f"The file is the registered file of {name}, byte for byte.",
                f"该文件即{name}所登记的文件，字节完全相同。",
            )
        own = [each for each in it.overlaps if each.asset == it.asset]
        if not own:
            return self.say(f"The file derives from {name}.", f"该文件源自{name}。")
        part, whole = self.share(own[0].of_suspect), self.share(own[0].of_asset)
        return self.say(
            f"The file derives from {name}: {part} of its rows are rows of the asset, and it holds "
            f"{whole} of the asset's rows.",
            f"该文件源自{name}：其 {part} 的行属于该数据，占该数据全部行的 {whole}。",
        )

    def share(self, share: tuple[int, int, int]) -> str:
        """A share, with its interval where it is an estimate."""
        part, low, high = map(show_share, share)
        if low == high:
            return part
        return self.say(f"{part} (between {low} and {high})", f"{part}（{low} 至 {high}）")

    def _asset(self) -> str:
        finding = self.finding
        title = "" if finding.title is None else f"{plain(finding.title)}, "
        number = "" if finding.voucher is None else f", {finding.voucher}"
        return self.say(
            f"{title}{finding.derivation.asset}{number}",
            f"{title}{finding.derivation.asset}{number}".replace(", ", "，"),
        )

    def attribution(self) -> list[str]:
        """From which delivery it came; one sentence for each delivery that is named or cleared."""
        told = self.finding.attribution
        if not self.finding.named:
            why = self._say_why()
            return [
                self.say(
                    f"No delivery can be named: {why}. This is a normal answer; it speaks for and "
                    "against nobody.",
                    f"无法指明任何一次交付：{why}。这是正常的结论，不利于也不有利于任何人。",
                )
            ]
        sentences = [self._named(each) for each in self.finding.named]
        return [*sentences, *(self._cleared(key) for key in told.cleared)]

    def _say_why(self) -> str:
        """Why no delivery is named; a delivered copy shows only what was delivered of it."""
        told = self.finding.attribution
        if told.why == "no-key" and told.against is not None:
            return self.say(
                f"what it was compared with is the copy of {told.against}, and no marking key of "
                "its onward deliveries is at hand; to ask about the others, name the registered "
                "file with --original FILE",
                f"比对所用的是 {told.against} 的副本，而其再交付的标记密钥不在手边；"
                "如需查其他交付，请用 --original 文件 给出所登记的文件",
            )
        return self.pair(_WHY.get(told.why, (told.why, told.why)))

    def _named(self, named: Named) -> str:
        one = self.finding.find(named.delivery)
        copy = self._copy(one)
        chance = self.chance(one.chance or 0)
        bound = self.say(
            f"An innocent delivery scores so high with a chance of at most {chance}.",
            f"无关的交付得到如此高分的概率至多为 {chance}。",
        )
        if one.invented_found:
            count, rows = one.invented_found, one.invented
            bound += self.say(
                f" Of the {rows} rows that were invented for this copy alone, {count} are in the "
                "file.",
                f"专为该副本虚构的 {rows} 行中，有 {count} 行见于该文件。",
            )
        if not named.unscored:
            return self.say(f"It came from {copy}. {bound}", f"该文件来自{copy}。{bound}")
        onward = ", ".join(named.unscored)
        return self.say(
            f"It came from {copy}, or from an onward delivery below it whose marking key was not "
            f"at hand ({onward}): from which of them cannot be said. {bound}",
            f"该文件来自{copy}，或来自其下标记密钥不在手边的再交付（{onward}）："
            f"无法判断是哪一次。{bound}",
        )

    def invented(self, one: Candidate) -> str:
        """How many of the rows invented for a delivery are in the file; empty where none were."""
        if not one.invented:
            return ""
        if one.invented_found is None:
            return self.say(f"{one.invented} rows invented", f"虚构 {one.invented} 行")
        return self.say(
            f"{one.invented_found} of {one.invented} invented rows found",
            f"虚构的 {one.invented} 行中见 {one.invented_found} 行",
        )

    def _cleared(self, key: str) -> str:
        copy = self._copy(self.finding.find(key))
        return self.say(
            f"Cleared: {copy}. The file carries its marks because it came through it; an onward "
            "delivery below it is named, which explains them all.",
            f"已排除：{copy}。文件带有其标记，是因为经其流转；已指明其下的再交付，足以解释全部标记。",
        )

    def _copy(self, one: Candidate) -> str:
        sender, recipient, day = (
            self.party(one.sender),
            self.party(one.recipient),
            self.date(one.time),
        )
        signed = (
            self.say(", who signed for it", "（已签收）")
            if one.received is not None
            else self.say(", who has not signed for it", "（未签收）")
        )
        return self.say(
            f"the copy that {sender} delivered to {recipient} on {day} ({one.delivery}, "
            f"#{one.index}){signed}",
            f"{sender}于 {day} 交付{recipient}的副本（{one.delivery}，#{one.index}）{signed}",
        )

    def legality(self) -> list[str]:
        """Whether it was allowed; one sentence for each named delivery."""
        act = self.finding.act
        day = self.date(act.at)
        sentences = [self._judged(each, day) for each in self.finding.named]
        if sentences:
            source = self.pair(_ACTS[act.source])
            sentences.append(
                self.say(f"Date of the act: {day}, {source}.", f"行为日期：{day}，{source}。")
            )
        return sentences

    def _judged(self, named: Named, day: str) -> str:
        recipient = self.party(self.finding.find(named.delivery).recipient)
        clause = named.clause
        words = self.say(clause.en, clause.zh)
        where = " ".join(filter(None, (clause.subject, clause.path)))
        verdict = self.pair(_SPENT if named.is_spent else _VERDICTS[named.verdict])
        return self.say(
            f"On {day} {recipient} {verdict}: {plain(words)} ({where}).",
            f"{day}，{recipient}{verdict}：{plain(words)}（{where}）。",
        )

    def caution(self) -> Iterator[str]:
        """What the numbers mean, and what they do not."""
        return list_cautions(self)

    def custody(self) -> Iterator[str]:
        """How the file was come by, as whoever had it traced says."""
        it = self.finding.custody
        said = {"by": it.by, "at": it.at, "where": it.where, "how": it.how}
        missing = [self.pair(_CUSTODY[name]) for name, value in said.items() if value is None]
        if missing:
            en, zh = ", ".join(missing), "、".join(missing)
            yield self.say(
                f"Not stated of how the file was come by (取证过程未说明): {en}.",
                f"取证过程未说明：{zh}。",
            )
        if it.notary is None:
            yield self.say("No notary's deed is named.", "未载明公证书编号。")

    def untested(self) -> list[str]:
        """What no statement here holds for."""
        return [self.pair(each) for each in _UNTESTED]


def tell_outcome(finding: Finding, language: str) -> str:
    """The answer to "which delivery?", in a few sentences.

    Args:
        finding: What was found.
        language: `en` or `zh-CN`.
    """
    teller = Teller(finding, language)
    return teller.say(" ", "").join(teller.attribution())

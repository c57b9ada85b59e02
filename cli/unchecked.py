"""What a verification did not look at, in both languages, and how to have it looked at."""

from typing import Final

from cli.lang import say
from cli.words import show_word

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
    "explanatory text": (
        "a file of the pack that proves nothing: believe the proofs, not its words",
        "包内不具证明力的文件：请以证明为准，勿以其内容为准",
    ),
    "history before this page": (
        "verify the earlier pages of the dossier too",
        "请一并验证档案的前几页",
    ),
    "what the line says": (
        "a line is the word of whoever recorded the batch",
        "明细内容为存证方自述",
    ),
    "sum of the batch": (
        "one line does not show how many there are, nor their sum: ask for the whole file",
        "单条明细不能证明总条数与合计：请索取原文件核对",
    ),
    "duties fulfilled": (
        "whether what the permission asks for in return was done is not on the ledger",
        "许可所附义务是否履行，账本不作记载",
    ),
    "marks at that date": (
        "the state keeps no pledges, disputes or notes from so long ago: ask the dossier",
        "状态未保留当时的质押、争议与备注：请查阅其完整历史",
    ),
    "pending renewal": (
        "a renewal filed in time keeps an expired voucher in force until it is decided: ask the "
        "registry who holds the rights, with 'muniment query holders'",
        "按期申请的续期办结前，过期凭证继续有效：请以 muniment query holders 查询现有权利",
    ),
    "assets left out": (
        "that the catalogue lists every asset is not proved: the log shows it, executed again",
        "目录是否列全未经证明：须重新执行日志方可得知",
    ),
    "members not yet published": (
        "name, summary and limits become provable once the notice is on the ledger",
        "名称、概述与限制须在公示记入账本后方可证明",
    ),
    "result not yet recorded": (
        "the rights are what the registrar says will be registered: nothing is recorded yet",
        "登记结果为登记机构自述，尚未登记",
    ),
    "acceptance by silence": (
        "the calendar was published after it was filed and is not in the file: whether silence "
        "meant accepted by now, the registry says, with 'muniment registration show'",
        "工作日历于申请之后公布且不在文件内：是否已视为受理，请在登记系统以 "
        "muniment registration show 查询",
    ),
    "stated facts": (
        "purpose, region and the like are as stated by whoever asked",
        "用途、地域等以提问者所述为准",
    ),
    "state after this event": (
        "what became of it since: ask for a state or a query",
        "此后的情况：请另行查询状态",
    ),
    "answer is true": (
        "an answer is the node's word: ask the log whether it holds the event",
        "答复为节点自述：事件是否在日志中，请查询日志",
    ),
    "scores": (
        "the chances are as the finding has them: to work them out again, verify with --data, "
        "--original and the --opening of marking keys",
        "概率以认定所载为准：重新计算请在验证时给出 --data、--original 与标记密钥 --opening",
    ),
    "scores of other deliveries": (
        "their chances are as the finding has them: their marking keys were not given",
        "其概率以认定所载为准：未给出其标记密钥",
    ),
    "marked deliveries that were not scored": (
        "their marking keys were not at hand, or were left out: the bound holds for those scored",
        "追踪者未持有或未使用其标记密钥：误指概率的上限仅就已计分的交付而言",
    ),
    "original of the case": (
        "whether the original given is the one registered or delivered: the case does not prove "
        "which file that is",
        "所给原始数据是否为所登记或所交付的文件：案卷未证明该文件为何",
    ),
    "shares by samples": (
        "estimates from a sample of rows, made with a key that stays with who traced the file",
        "依行的抽样估计，所用密钥由追踪者保管",
    ),
    "shares of the file": (
        "how many rows are in common takes the file and the original",
        "共有行的占比须以该文件与原始数据核算",
    ),
    "reports of another version": (
        "the case's own reports are worded by another version of the program and were not "
        "compared: believe what is said here, or verify with that version",
        "案卷内的报告由本程序的其他版本撰写，未予比对：请以此处所列为准，或使用该版本验证",
    ),
    "who traced it": (
        "nobody signed the finding: 'muniment trace file --case' with --as PARTY signs it",
        "认定未经任何人签名：muniment trace file --case 并给出 --as 主体 即予签名",
    ),
    "custody of the file": (
        "how the file was come by is the word of whoever had it traced",
        "取证过程为委托追踪者自述",
    ),
    "deliveries left out": (
        "the asset's history is too long for the case: ask for its dossier",
        "数据历史过长，未收入案卷：请另行索取其完整历史",
    ),
    "registered file": (
        "is some file the registered one? Ask with --data FILE",
        "某文件是否为所登记的文件？请用 --data 文件 查询",
    ),
}


def explain_unchecked(name: str) -> str:
    """What was not checked, and what that means or how to have it checked."""
    what, _, path = name.partition(": ")
    sentence = _UNCHECKED.get(what)
    if sentence is None:
        return show_word(name)
    shown = f"{show_word(what)} {path}" if path else show_word(what)
    return f"{shown}{say(': ', '：')}{say(*sentence)}"

"""Chinese for sentences that lower layers and the option parser say in English.

Those layers serve programs too and know no language; what is not in the table is shown in English
after the kind of error, so that nothing is ever lost.
"""

import re
from typing import Final

from cli.followingchinese import FOLLOWING_SENTENCES
from cli.lightchinese import LIGHT_SENTENCES
from cli.remotechinese import REMOTE_KINDS, REMOTE_SENTENCES
from cli.witnesschinese import WITNESS_SENTENCES

_KINDS: Final = {
    "bundle": "文件各部分不相符", "conflict": "日志已被他人追加",
    "consistency": "无法证明日志只增不改", "difference": "重新执行的结果不一致",
    "corruption": "本地数据自相矛盾", "exists": "已存在",
    "fork": "日志出现分叉", "inclusion": "日志中没有该条目", "input": "输入有误",
    "ledger": "账本错误", "limit": "超出上限", "malformed": "格式错误",
    "map_proof": "状态证明不成立", "not_found": "未找到", "opening_required": "需要开示文件",
    "passphrase_required": "需要口令", "quorum": "签名不足或已过时", "rejected": "规则不允许",
    "replay": "重新执行的结果不一致", "rollback": "账本被退回或替换", "signature": "签名不成立",
    "unanswerable": "该类文件无法回答", "unproved": "没有较新的证明",
    "damaged": "归集文件已损坏",
    "answer": "对方的答复与其检查点不符", "backdated": "条目的时间被倒填",
    "frozen": "久无更新", "origin": "属于另一账本", "gone": "已不再保留",
    "finding": "审计方发现问题", "unknown_rules": "本程序没有该规则集",
    **REMOTE_KINDS,
    "store_failed": "读写失败", "unavailable": "暂不可用", "usage": "用法有误",
    "verification": "验证未通过", "wrong_passphrase": "口令错误",
}  # fmt: skip

_VERIFIED: Final = (
    "可验证凭证、查询、行为核查、查询证明、交付文件、使用明细、"
    "回执、状态、档案、数据目录、国家系统报送文件、证据包、分叉证据、状态分桶与 .tlog-proof"
)
_TOML_FAULTS: Final = (
    ("has no value that TOML knows", "的内容不是有效的值：文字请用引号括起"),
    ("has a text without its second quote", "的文字缺少后引号：请补上"),
    ("has a name without =", "的名称之后缺少 =：请写作 名称 = 内容"),
    ("begins with a character", "开头的字符不能用于名称：请写作 名称 = 内容"),
    ("is no setting", "不是有效的填写项：请写作 名称 = 内容，说明文字前请加 #"),
    ("goes on after its value", "在内容之后还有文字：每行只写一项"),
    ("has a list without its end", "的列表未结束：请以 ] 结束"),
    ("fills in a blank a second time", "重复填写同一项：请只填一次"),
    ("begins a table a second time", "重复同一组：请只写一次，可多组的请写作 [[名称]]"),
    ("has a day that there is not", "的日期不存在：请写作 2026-01-31"),
    ("has a lone backslash", "的文字中有单个反斜杠：请写作 \\\\\\\\ 或 /"),
)
_SENTENCES: Final = tuple(
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        # the option parser
        (r"Missing command\.", "缺少命令"),
        (r"Missing argument '(.+?)'\.?", r"缺少参数 \1"),
        (r"Missing option '(.+?)'\.?", r"缺少选项 \1"),
        (r"No such command '(.+?)'\.?", r"没有命令 \1"),
        (r"No such option: (\S+)\s*\(Possible options: (.+)\)", r"没有选项 \1；是否为 \2？"),
        (r"No such option: (\S+)", r"没有选项 \1"),
        (r"Option '(.+?)' requires an argument\.", r"选项 \1 须带一个值"),
        (r"Option '(.+?)' does not take a value\.", r"选项 \1 不带值"),
        (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"多余的参数：\1"),
        (r"Invalid value for '(.+?)': (.+)", r"\1 的值无效：\2"),
        # where things lie
        (
            r"there is no registry in (.+): make one with 'muniment init'.*",
            r"\1 中没有登记系统：请用 muniment init 新建，或用 --home 或 MUNIMENT_HOME 另指定目录",
        ),
        (
            r"(.+) is not empty: name another folder with --home.*",
            r"\1 不是空目录：请用 --home 另指定目录，或移走其中内容",
        ),
        (r"there is no profile (.+): choose one of (.+)", r"没有规则 \1：请从 \2 中选择"),
        (r"there is no file (.+)", r"没有文件 \1"),
        (r"the profile's member (\S+): is missing", r"规则文件缺少 \1"),
        (r"the profile's member (\S+): there is no such", r"规则文件没有 \1 这一项：请删除"),
        (
            r"the profile's member name: (\S+) ships with the program and says something else: .+",
            r"\1 是随程序提供的规则名称，而该文件内容不同：请另取名称",
        ),
        (r"the profile's member (\S+): (.+)", r"规则文件的 \1 有误：\2"),
        (r"cannot read (.+): (.+)", r"无法读取 \1：\2"),
        (r"cannot write (.+): (.+)", r"无法写入 \1：\2"),
        (r"another process is using the folder (.+); .+", r"另一进程正在写入目录 \1：请稍后再试"),
        (r"another process is using .+", "另一进程正在使用登记系统：请稍后再试"),
        (r"(.+) is not a regular file", r"\1 不是普通文件"),
        (r"there is no folder (.+)", r"没有文件夹 \1"),
        (r"(.+) is a folder: name a file in it", r"\1 是文件夹：请给出其中的文件名"),
        (
            r"(.+) exists(?: by now)?: name another file(?:, or say --force)?",
            r"\1 已存在：请另指定文件，或使用 --force",
        ),
        # forms and batches
        (
            r"the batch is not UTF-8, it seems to be (.+) \(line (\d+)\): save it .+",
            r"批量文件不是 UTF-8 编码（第 \2 行，疑为 \1）：请另存为 UTF-8 后重试",
        ),
        (r"the form is not UTF-8: .+", "申请表不是 UTF-8 编码：请另存为 UTF-8"),
        (
            r"the form is not TOML: line (\d+) has full-width (.+?): .+",
            r"申请表第 \1 行有全角符号 \2：引号、逗号与括号请用半角",
        ),
        *(
            (rf"the form is not TOML: line (\d+) {re.escape(fault)}.*", rf"申请表第 \1 行{said}")
            for fault, said in _TOML_FAULTS
        ),
        (r"the form has a name of more than (\d+) parts", r"申请表中的名称超过 \1 段"),
        (r"the form has a number of too many digits: .+", "申请表中的数字位数过多：请写作文字"),
        (r"the form is not TOML: (.+)", r"申请表不是有效的 TOML：\1"),
        (
            r"a form has no (\S+): write texts .+",
            r"申请表不能有 \1：文字须加引号，数字须为整数，日期写作 2026-01-31",
        ),
        (r"a batch has at most (\d+) (?:rows|bytes): split it", r"批量文件超过上限 \1：请拆分"),
        (r"the batch is empty: .+", "批量文件为空：首行须为列名"),
        (
            r"the header names a column twice: .+",
            "表头有重复的列名：每列只列一次；file 与 files 是同一列",
        ),
        (
            r"no blank of the form has the name in column (.+) of the first line, .+",
            r"首行（表头）第 \1 列的列名不是申请表的项；见 muniment register --template initial "
            "与 docs/forms.md",
        ),
        (
            r"line (\d+): a row of a batch has at most (\d+) characters; .+",
            r"第 \1 行：批量文件每行最多 \2 个字符；请检查引号是否成对",
        ),
        (r"line (\d+) is no row of a CSV table: (.+)", r"第 \1 行不是有效的 CSV：\2"),
        # keys
        (r"there is no key (\S+) here: see .+", r"此处没有密钥 \1：见 muniment key list"),
        (
            r"the key (\S+) is sealed: give --passphrase-file FILE.*",
            r"密钥 \1 已加口令：请用 --passphrase-file 文件、设置 MUNIMENT_PASSPHRASE_FILE，"
            r"或在终端中运行以便输入",
        ),
        (r"the passphrase does not open the key (\S+)", r"口令打不开密钥 \1"),
        (r"(.+) exists already and is left alone", r"\1 已存在，未作改动"),
        # what is on the ledger
        (r"there is no (\S+) on this ledger", r"本账本上没有 \1"),
        (r"there is no voucher (\S+)", r"没有凭证 \1"),
        (r"the log has no leaf (\d+)", r"日志没有第 \1 条"),
        (r"the log has the leaves 0 to (-?\d+), not (-?\d+)", r"日志有第 0 至 \1 条，没有第 \2 条"),
        (r"sizes go from 0 to (\d+): not from (\d+) to (\d+)", r"大小为 0 至 \1，而非 \2 至 \3"),
        (r"the openings of (\S+) are not in this vault", r"本库没有 \1 的开示内容"),
        (r"the form of (\S+) is not in this vault", r"本库没有 \1 的申请表"),
        (r"(\S+) commits to no (.+)", r"\1 没有对 \2 作出承诺"),
        (r"(\S+) was not recorded: there is nothing to revoke", r"\1 尚未登记，无可注销"),
        (r"not a subject key: (.+)", r"不是主题标识：\1"),
        (r"not a certificate number: (.+)", r"不是登记凭证编号：\1"),
        # deliveries and answers
        (r"this is not the copy that (\S+) delivered", r"这不是 \1 所交付的副本"),
        (r"the receipt is not of the event that opened (\S+)", r"回执不属于 \1 的交付事件"),
        (
            r"(.+); (delivery/\S+) (?:is|may be) recorded: finish it with '(.+)'",
            r"\1；\2 可能已登记：请用 \3 补完",
        ),
        (
            r"this home knows no file of (\S+): .+",
            r"本目录没有 \1 的登记文件信息：请先在此签收副本，或在登记该数据的目录中交付",
        ),
        (
            r"this home has no salt of (\S+): .+",
            r"本目录没有 \1 的盐值：请在交付时所用的目录中补完，或重新交付",
        ),
        (
            r"the answer rests on the whole history of (\S+), (\d+) events, and a proof holds "
            r"(\d+): .+",
            r"该答复依据 \1 的完整历史（\2 个事件），而一份证明最多 \3 个："
            r"可不附证明查询，或缩小范围（如某数据的权利人、某项授权及其下级）",
        ),
        (
            r"the answer rests on (\d+) subjects, and a proof holds (\d+): .+",
            r"该答复涉及 \1 个主题，而一份证明最多 \2 个："
            r"可不附证明查询，或缩小范围（如某数据的权利人、某项授权及其下级）",
        ),
        (
            r"(\S+) has (\d+) events and a dossier at most (\d+): .+",
            r"\1 有 \2 个事件，而一份档案最多 \3 个",
        ),
        # verification
        (
            r"this is of the log (.+), and the policy trusts (.+)",
            r"此文件属于账本 \1，而信任策略所信的是 \2",
        ),
        (r"this is an? (\S+), not an? (\S+)", r"这是 \1，而非 \2"),
        (r"this is about (\S+), not about (\S+)", r"所关主题为 \1，而非 \2"),
        (
            r"this is not the registered file: its SHA-256 is (\w+), of (\d+) bytes",
            r"这不是所登记的文件：其 SHA-256 为 \1，共 \2 字节",
        ),
        (
            r"whether this is the registered file cannot be told without the opening.*",
            "没有数据承诺的开示文件，无法判断此文件是否为所登记的文件：请用 --opening 给出"
            "（由权利人用 muniment voucher export 编号 --opening 文件 制作）",
        ),
        (
            r"the proof is (\d+) s old, more than the (\d+) s allowed: ask for a newer one",
            r"该证明已有 \1 秒，超过允许的 \2 秒：请索取新的证明",
        ),
        (
            r"the bucket (\S*) says nothing of (\S+), whose key hash begins with (\w+)",
            r"前缀为 \1 的状态分桶不涉及 \2（其标识散列以 \3 开头）",
        ),
        (
            r"signed with the key (.+), and the policy has (.+): if the log has changed its key.*",
            r"签署密钥为 \1，而信任策略所列为 \2：若账本已更换日志密钥，请向登记机构索取新的策略行"
            r"（log 行）；新旧密钥共同签署的检查点可资核对",
        ),
        (
            r"the note has no signature of a known key",
            "信任策略所列账本均未签署此检查点：请核对策略文件",
        ),
        (
            r"no log of the policy has signed this checkpoint of '(.+)'",
            r"信任策略所列账本均未签署此检查点（\1）：请核对策略文件",
        ),
        (r"not JSON: (.+)", r"不是 JSON：\1"),
        (r"not UTF-8", "不是 UTF-8 文本"),
        (
            r"a \.tlog-proof is about an entry: give its bytes with --entry FILE",
            "tlog-proof 须与条目一起验证：请用 --entry 给出条目文件",
        ),
        (
            r"not a file that Muniment verifies: format (.+?); .+",
            rf"不是可验证的文件（format 为 \1）：{_VERIFIED}",
        ),
        (
            r"not a file that Muniment verifies: it names no format; .+",
            f"不是可验证的文件（未写明 format）：{_VERIFIED}",
        ),
        (r"not a JSON object", "不是 JSON 对象"),
        (
            r"not a report(, or not its bytes)?: .+",
            "这不是工作报告，或内容已被改写：请给出 muniment report --out 文件.json 所写的文件",
        ),
        # packs and the wallet
        (
            r"(\S+) is not the proof that was added: restore it, or remove (\S+) beside it.*",
            r"\1 不是当初收入的证明：请恢复该文件，或删除同目录的 \2 后重新收入",
        ),
        (
            r"(\S+) is (?:damaged|of another item): remove it and add the proof again.*",
            r"\1 已损坏：请删除后重新收入该证明",
        ),
        (
            r"a \.tlog-proof proves nothing without its entry: .+",
            "tlog-proof 脱离条目即无证明力：请归集回执"
            "（muniment proof inclusion 位置 --receipt --out 文件）",
        ),
        (r"(\S+) is not the file that the manifest names", r"\1 与清单所列文件不符"),
        (
            r"the manifest lists exactly the files that are there: not so (.+)",
            r"清单须与包内文件完全一致：\1 不一致",
        ),
        (
            r"the statement says something else than the proofs: its (\w+)",
            r"陈述与证明不符：\1",
        ),
        (
            r"(\S+) is not the text of (\S+): make the pack anew",
            r"\1 不是 \2 的文本：请重新制作证据包",
        ),
        (
            r"(\S+) lies in a pack without (\S+): leave it out",
            r"证据包内有 \1 而无 \2：请将其移除",
        ),
        (
            r"(\S+) is proved under another checkpoint than the voucher that the statement is "
            r"about: make the pack anew, or leave the statement out",
            r"\1 与陈述所关于的凭证不在同一检查点下证明：请重新制作证据包，或移除陈述",
        ),
        (
            r"(\S+) is proved absent, and once was there",
            r"\1 曾经存在，现证明不存在",
        ),
        (
            r"(\S+) has another history than before",
            r"\1 的历史与此前不同",
        ),
        (
            r"the statement is about (\S+), of which the pack holds (\d+)",
            r"陈述关于 \1，而证据包内有 \2 份该凭证",
        ),
        (
            r"the opening is of (\S+), which the pack is not about",
            r"开示文件关于 \1，与本证据包无关",
        ),
        (r"an opening opens nothing of (\S+)", r"有开示内容与 \1 的承诺不符"),
        (
            r"a pack without a single proof: there is nothing to verify",
            "证据包内没有任何证明，无可验证",
        ),
        (
            r"packs lie in packs only once: verify the inner one by itself",
            "证据包只能嵌套一层：请单独验证内层证据包",
        ),
        (r"a ZIP without manifest\.json: .+", "ZIP 内没有 manifest.json：不是证据包或案卷"),
        (r"the ZIP holds more than (\d+) bytes: split it", r"ZIP 解压后超过 \1 字节：请拆分"),
        (r"the ZIP has (\d+) files, more than (\d+)", r"ZIP 有 \1 个文件，超过上限 \2"),
        (
            r"the ZIP does not end with its directory: it is cut off or goes on",
            "ZIP 不完整，或末尾有多余内容",
        ),
        (r"(\S+) is a link or a folder, not a file", r"\1 是链接或目录，不是文件"),
        (r"(\S+) is encrypted, or packed in another way", r"\1 已加密，或压缩方式不受支持"),
        (r"(\d+) bytes are more than the (\d+) allowed here", r"\1 字节，超过上限 \2 字节"),
        (r"nested more than (\d+) deep", r"嵌套超过 \1 层"),
        # published lists
        (r"each entry of a list has an id of its own", "清单各条目的 id 不得重复"),
        (
            r"the entry (\S+) names nothing to match: .+",
            r"条目 \1 未写明匹配内容：请给出 industry、class、level 或 asset",
        ),
        (
            r"the entry (\S+) names a level, which is what the catalogue decides",
            r"条目 \1 不得写明 level：级别由目录决定",
        ),
        (r"a list has at most (\d+) bytes, this one (\d+)", r"清单最多 \1 字节，本件为 \2 字节"),
        # the log as files
        (
            r"(.+) holds '(.+)' and no exported log: .+",
            r"\1 中有 \2，且没有已导出的日志：请选择空目录或新目录",
        ),
        (r"(.+) is no checkpoint \(.+\): .+", r"\1 不是检查点：请另选目录"),
        (r"(.+) holds the log (\S+), not (\S+): .+", r"\1 中是日志 \2，而非 \3：请另选目录"),
        (
            r"(.+) holds a checkpoint of (\d+) leaves and this one is of (\d+): .+",
            r"\1 的检查点有 \2 条，而此处仅 \3 条：日志被换成旧副本，或信任策略变严；"
            r"若属正常请另选目录",
        ),
        (
            r"(.+) holds a checkpoint of (\d+) leaves with another root .+",
            r"\1 的检查点（\2 条）与本日志的根不同：请保留两者并比对；未写入任何内容",
        ),
        (
            r"no checkpoint of this ledger meets its policy yet: .+",
            "尚无符合信任策略的检查点：请等待见证方签署",
        ),
        (r"cannot make the folder (.+): (.+)", r"无法建立目录 \1：\2"),
        *FOLLOWING_SENTENCES,
        # exports and reports
        (
            r"this is of (\d+) leaves, and this copy of the log has (\d+): .+",
            r"此文件涉及 \1 条日志，而本副本仅有 \2 条：请使用较新的副本",
        ),
        (r"this is of the log (.+), and this log is (.+)", r"此文件属于账本 \1，而本账本为 \2"),
        (
            r"the report says something else than this log: its (\w+)",
            r"报告与本日志不符：\1",
        ),
        (
            r"the file carries no proofs, only a digest: .+",
            "文件仅有摘要，未附证明：请索取用 muniment export national --with-proofs 制作的文件",
        ),
        (
            r"the catalogue carries no proofs: .+",
            "目录未附证明：请索取未用 --without-proofs 制作的目录",
        ),
        (
            r"the (?:document|catalogue) says something else than the proofs: its (\S+)",
            r"内容与证明不符：\1",
        ),
        (
            r"no checkpoint was signed at the size (\d+): .+",
            r"大小为 \1 时未签署检查点：请去掉 --at，或给出已签署检查点的大小",
        ),
    )
)


_HAN: Final = re.compile("[\u4e00-\u9fff]")


def translate(code: str, message: str) -> str:
    """A sentence in Chinese, else in English after the kind of error in Chinese.

    Args:
        code: Of the error.
        message: As raised; one that is in Chinese already is left as it is.
    """
    for english, chinese in (*WITNESS_SENTENCES, *REMOTE_SENTENCES, *_SENTENCES, *LIGHT_SENTENCES):
        match = english.fullmatch(message)
        if match is not None:
            return match.expand(chinese)
    kind = _KINDS.get(code)
    return message if kind is None or _HAN.search(message) else f"{kind}：{message}"

"""Chinese for sentences that lower layers and the option parser say in English.

Those layers serve programs too and know no language; what is not in the table is shown in English
after the kind of error, so that nothing is ever lost.
"""

import re
from typing import Final

_KINDS: Final = {
    "bundle": "文件各部分不相符", "conflict": "日志已被他人追加",
    "consistency": "无法证明日志只增不改", "difference": "重新执行的结果不一致",
    "corruption": "本地数据自相矛盾", "exists": "已存在",
    "fork": "日志出现分叉", "inclusion": "日志中没有该条目", "input": "输入有误",
    "ledger": "账本错误", "limit": "超出上限", "malformed": "格式错误",
    "map_proof": "状态证明不成立", "not_found": "未找到", "opening_required": "需要开示文件",
    "passphrase_required": "需要口令", "quorum": "签名不足或已过时", "rejected": "规则不允许",
    "replay": "重新执行的结果不一致", "rollback": "账本被退回或替换", "signature": "签名不成立",
    "unanswerable": "该类文件无法回答",
    "store_failed": "读写失败", "unavailable": "暂不可用", "usage": "用法有误",
    "verification": "验证未通过", "wrong_passphrase": "口令错误",
}  # fmt: skip

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
        (r"cannot read (.+): (.+)", r"无法读取 \1：\2"),
        (r"cannot write (.+): (.+)", r"无法写入 \1：\2"),
        (r"another process is using .+", "另一进程正在使用登记系统：请稍后再试"),
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
        (r"(\S+) was not recorded: there is nothing to revoke", r"\1 尚未登记，无可注销"),
        (r"not a subject key: (.+)", r"不是主题标识：\1"),
        (r"not a certificate number: (.+)", r"不是登记凭证编号：\1"),
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
            r"不是可验证的文件（format 为 \1）：可验证凭证、回执、状态、档案与 .tlog-proof",
        ),
        (r"(\d+) bytes are more than the (\d+) allowed here", r"\1 字节，超过上限 \2 字节"),
        (r"nested more than (\d+) deep", r"嵌套超过 \1 层"),
    )
)


_HAN: Final = re.compile("[\u4e00-\u9fff]")


def translate(code: str, message: str) -> str:
    """A sentence in Chinese, else in English after the kind of error in Chinese.

    Args:
        code: Of the error.
        message: As raised; one that is in Chinese already is left as it is.
    """
    for english, chinese in _SENTENCES:
        match = english.fullmatch(message)
        if match is not None:
            return match.expand(chinese)
    kind = _KINDS.get(code)
    return message if kind is None or _HAN.search(message) else f"{kind}：{message}"

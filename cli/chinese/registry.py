"""Chinese for what is said of keys, and of what is on the ledger, delivered and answered."""

from typing import Final

SENTENCES: Final = (
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
        r"this home has no marks of (\S+): .+",
        r"本目录没有 \1 的标记信息：请在交付时所用的目录中补完，或重新交付",
    ),
    (r"(.+) has no rows to tell copies by: .+", r"\1 没有可区分副本的行：请使用 --exact 交付"),
    (
        r"all (\d+) rows would be withheld: .+",
        r"全部 \1 行都会被略去：请减少略去的份额，或使用 --exact 交付",
    ),
    (
        r"this home made no marked copy for (\S+): .+",
        r"本目录未曾为 \1 制作带标记的副本：请在交付时所用的目录中查询",
    ),
    (
        r"no (\d+) rows can be invented of this table: .+",
        r"此表无法虚构 \1 行：由各列拼成的行几乎均为其自有的行；请去掉 --canaries 再交付",
    ),
    (
        r"a row that was invented for the table cannot be written as its rows are: .+",
        r"为此表虚构的行无法按其原有写法写出：请去掉 --canaries 再交付",
    ),
    (
        r"the marked copy of a (\S+) file is a CSV file: .+",
        r"\1 文件的带标记副本为 CSV 文件：请用 --out 名称.csv，或使用 --exact 原样交付",
    ),
    (
        r"(.+) cannot be written back byte for byte, or has changed meanwhile: .+",
        r"\1 无法逐字节写回，或在复制期间被改动：请另存为 UTF-8 并登记该文件，或使用 --exact 交付",
    ),
    (r"(.+); deliver what is no table with --exact", r"\1；不是表格的文件请使用 --exact 交付"),
    (
        r"no delivery on this ledger names this sealed key: .+",
        r"本账本上没有交付指向该密封密钥：请检查文件是否原样送达，以及是否为本账本",
    ),
    (
        r"this marking key is sealed to (\S+), and none of its keys lies in this home: .+",
        r"该标记密钥密封托管于 \1，而其密钥不在本目录：请在其密钥所在处打开",
    ),
    (r"a box of the sealed key is damaged", r"密封密钥已损坏"),
    (
        r"what is sealed is not the marking key that (\S+) committed to",
        r"密封的内容不是 \1 所承诺的标记密钥",
    ),
    (
        r"what (\S+) committed to and sealed for (\S+) is no marking key, .+",
        r"\1 为 \2 所承诺并密封的内容不是标记密钥，或与记录中的 e、g 不符：无法据以追踪",
    ),
    (r"(\S+) is an exact copy: it has no marking key", r"\1 为原样副本，没有标记密钥"),
    (
        r"this home has no marking key of (\S+): .+",
        r"本目录没有 \1 的标记密钥：请用 muniment escrow open 打开，或向交付方索取",
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
)

"""Chinese for what witnesses and trust policies say."""

from typing import Final

SENTENCES: Final = (
    (
        r"there is no witness in (.+): make one with .+",
        r"\1 中没有见证方：请用 muniment witness init 名称 新建，或用 --folder 另指定目录",
    ),
    (
        r"(.+) holds a witness already: .+",
        r"\1 中已有见证方：请用 --folder 另指定目录",
    ),
    (r"another process is using this witness; try again", "另一进程正在运行此见证方"),
    (r"(.+witness\.vkey) is damaged: .+", r"\1 已损坏：请从副本恢复"),
    (
        r"witness\.vkey in (.+) is not of the key beside it: .+",
        r"\1 中的 witness.vkey 与密钥不符：请恢复正确的文件",
    ),
    (
        r"(.+) is not as this witness wrote it \(.+\): .+",
        r"\1 并非此见证方写入的内容：请从副本恢复；缺此文件，他人可向见证方出示另一套历史",
    ),
    (
        r"a key name is empty or has a space or plus in it: (.+)",
        r"密钥名称不得为空，不得含空格或加号：\1",
    ),
    (
        r"not <name>\+<8 hex digits>\+<base64>: (.+)",
        r"不是 vkey（名称+8 位十六进制+base64）：\1",
    ),
    (r"the ID of this key of (.+) is (\w+), not (\w+)", r"\1 的密钥标识应为 \2，而非 \3"),
    (
        r"(?:line \d+ of the policy: )?a (?:log|witness) does not sign with keys of type (\S+)",
        r"该角色不使用 \1 型密钥签署：日志与见证方的 vkey 不可互换",
    ),
    (
        r"line (\d+) of the policy: b'(.+)' is defined already",
        r"策略第 \1 行：名称 \2 已被使用，请另取名称",
    ),
    (
        r"line (\d+) of the policy: no earlier line defines b'(.+)'",
        r"策略第 \1 行：此前没有名为 \2 的见证方或组",
    ),
    (
        r"line (\d+) of the policy: b'(.+)' is a member of a group already",
        r"策略第 \1 行：\2 已是某一组的成员，不能重复计数",
    ),
    (
        r"line (\d+) of the policy: (\d+) of (\d+) members can never cosign, or always",
        r"策略第 \1 行：共 \3 个成员，数量不能是 \2",
    ),
    (
        r"line (\d+) of the policy: the key of this \w+ is that of a \w+ above, or has its ID",
        r"策略第 \1 行：此密钥在前文已被列出",
    ),
    (r"not one word without blanks: (.+)", r"应为不含空格的一个词：\1"),
    (
        r"the policy names no witness (.+): see 'muniment policy show'",
        r"策略中没有见证方 \1：见 muniment policy show",
    ),
    (
        r"the quorum cannot do without (.+): change it first with 'muniment policy quorum'",
        r"quorum 离不开 \1：请先用 muniment policy quorum 更改",
    ),
    (
        r"a quorum of (\S+) needs a witness in the policy: add one",
        r"quorum 为 \1 时策略中须有见证方：请先用 muniment policy add-witness 添加",
    ),
    (
        r"the URL of the witness (.+) is not like https://witness\.example\.org: (.+)",
        r"见证方 \1 的网址有误（应形如 https://witness.example.org）：\2",
    ),
    (r"the witness (.+) of the policy has no URL: (.+)", r"见证方 \1 的网址有误：\2"),
)

"""Chinese for what auditors and mirrors say in English."""

from typing import Final

FOLLOWING_SENTENCES: Final = (
    (
        r"the log is not served whole \((.+)\): .+",
        r"日志未完整提供（\1）：请稍后再试，或换用其他镜像",
    ),
    (
        r"this auditor found that (.+); it cosigns nothing of this log until .+",
        r"本审计方发现：\1；清除之前不再联署该日志",
    ),
    (
        r"the source shows (\d+) leaves and this mirror holds (\d+): .+",
        r"来源仅有 \1 条，而本镜像已有 \2 条：来源丢失了其余内容或尚未跟上，镜像保持不变",
    ),
    (
        r"(.+) holds the log (.+), not (.+): name another folder",
        r"\1 存放的是日志 \2，而非 \3：请另指定目录",
    ),
    (
        r"the mirror lacks the document (\w+), one of (\d+) .+",
        r"镜像缺少日志所指 \2 份文件中的 \1：请换用其他镜像",
    ),
    (r"nothing was found with this log: .+", "未发现该日志有问题，无需清除"),
)
"""As the table of cli.chinese: a pattern for the whole sentence, and what it becomes."""

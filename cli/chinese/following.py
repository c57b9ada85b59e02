"""Chinese for what is said of a log as files, and of auditors and mirrors."""

from typing import Final

SENTENCES: Final = (
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
    # auditors and mirrors
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
    (
        r"more than (\d+) documents are not served: .+",
        r"缺少的文件超过 \1 份：请从节点本身镜像，而非无文件的副本",
    ),
    (
        r"(.+) is damaged \((.+)\): remove it, and the mirror is made again",
        r"\1 已损坏（\2）：删除后将重新建立镜像",
    ),
    (
        r"what was executed is not what the log has signed: .+",
        r"已执行的内容与日志所签不符：请删除后从头重新执行",
    ),
    (
        r"checkpoint (\d+) is shown without the signature of (.+), which .+",
        r"检查点 \1 缺少 \2 的签名，该密钥也须签署：请稍后再试，或换用其他来源",
    ),
    (
        r"the document (\w+) is served with another content",
        r"所提供的文件 \1 内容不符",
    ),
    (
        r"(.+) is damaged \((.+)\): something was found with this log; .+",
        r"\1 已损坏（\2），其中记有该日志的问题：请从副本恢复，或清除后重新执行",
    ),
    (
        r"nobody said where the log (.+) is to be had: .+",
        r"未指明日志 \1 的网址：请在 logs.policy 中写于其密钥之后",
    ),
    (
        r"the log is being executed: ask again",
        r"正在重新执行该日志：请稍后再试",
    ),
    (
        r"executed (\d+) of (\d+) leaves so far: .+",
        r"已执行 \1 条，共 \2 条：请稍后再请求联署",
    ),
    (
        r"nothing is mirrored here yet: ask again",
        r"此处尚无镜像内容：请稍后再试",
    ),
    (
        r"the leaves from (\d+) on are not those whose hashes the log has",
        r"自第 \1 条起的内容与日志的散列不符",
    ),
    (
        r"(.+) is missing in (.+): export the log again",
        r"\2 中缺少 \1：请重新导出日志",
    ),
    (
        r"cannot (?:make|tidy up|remove) (.+): (.+)",
        r"无法写入 \1：\2",
    ),
)

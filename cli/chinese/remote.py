"""Chinese for what is said of a node that commands work against."""

from typing import Final

SENTENCES: Final = (
    (
        r"(\S+) does not answer \((\w+)\): see whether .+",
        r"\1 没有应答（\2）：请确认节点正在运行，稍后再试",
    ),
    (
        r"whether (\S+) was written is not known \(.+\): the signed event is in (.+), and .+",
        r"尚不知 \1 是否已写入：已签名的事件保存在 \2，运行 muniment submit 该文件 "
        "即再次提交同一事件，不会重复写入",
    ),
    (
        r"(\S+) answers with status (\d+): give the address of the node itself",
        r"\1 应答的状态码为 \2：请给出节点本身的网址",
    ),
    (
        r"what the node answers for (.+?) does not read: .+",
        r"节点对 \1 的答复无法读取：不予采信",
    ),
    (
        r"the node answers about (\d+) events, .+",
        r"节点只答复了 \1 个事件：重新提交不会重复写入",
    ),
    (r"the node has not signed what it says of (\S+)", r"节点未对其关于 \1 的答复签名"),
    (r"the node says (\w+) of (\S+) and has signed (\w+)", r"节点对 \2 的答复与其签名不一致"),
    (
        r"the node(?:'s receipt)? (?:answers|is|lists|proves|shows) .+",
        "节点的答复与所问不符：不予采信",
    ),
    (
        r"what was written is in the log, and no checkpoint with it is cosigned yet.+",
        "已写入日志，但尚无符合信任策略的联署检查点：请稍后再读取",
    ),
    (
        r"(.+) is there already: name another folder with --home",
        r"\1 已存在：请用 --home 指定其他目录",
    ),
    (r"another process is using this home; try again", "另一进程正在从本目录写入：请稍后再试"),
    (
        r"the node has not signed that it refuses (\S+): ask again",
        r"节点未对其拒绝 \1 的答复签名：请重新提交",
    ),
    (
        r"the node does not show the log of (\d+) leaves: .+",
        r"节点不再提供 \1 条时的日志：请重新运行命令",
    ),
    (
        r"cannot listen on (.+) \((.+)\): choose another with --port or --uds",
        r"无法监听 \1（\2）：请用 --port 或 --uds 另行指定",
    ),
    (
        r"(.+) is no configuration of a node: (.+)",
        r"\1 不是有效的节点配置：\2",
    ),
    (
        r"the answer is about (\S+), not about (\S+)",
        r"该答复关于 \1，而非 \2",
    ),
    (
        r"the answer is signed by (\S+), not by the node key (\S+)",
        r"该答复由 \1 签署，而非节点密钥 \2",
    ),
)

"""Chinese for what a light client and whoever it asks say."""

from typing import Final

SENTENCES: Final = (
    (
        r"the log signed two histories; .+: they are in (.+)",
        r"日志签署了两套历史；两份检查点保存在 \1，可用 muniment verify 核实并公布",
    ),
    (
        r"the log signed two histories; publish both notes",
        "日志签署了两套历史；请公布两份检查点",
    ),
    (
        r"no valid proof that the log only grew; keep the trusted checkpoint",
        "无法证明日志只增不改；请保留已信任的检查点",
    ),
    (
        r"the node offers (\d+) leaves as its newest, and had shown (\d+): .+",
        r"节点所示最新为 \1 条，而此前为 \2 条：其后内容已丢失或被隐匿；请向见证方或镜像查询",
    ),
    (
        r"the node offers (\d+) leaves, had shown (\d+), and does not show .+",
        r"节点所示为 \1 条，而此前为 \2 条，且未证明两者属同一历史；请向见证方或镜像查询",
    ),
    (
        r"nothing newer than (\d+) s is shown, and (\d+) s are allowed: .+",
        r"所示内容已有 \1 秒未更新，超过允许的 \2 秒：请改向另一节点或镜像查询",
    ),
    (
        r"leaf (\d+) is dated (\d+) s earlier than cosignatures of the log without it: .+",
        r"第 \1 条的时间比不含该条的见证早 \2 秒：请保留记忆文件并询问登记机构",
    ),
    (
        r"this is of the log (\S+), and (\S+) is followed here",
        r"这属于账本 \1，而此处跟踪的是 \2",
    ),
    (
        r"this is of the log (\S+), and the policy trusts (.+)",
        r"这属于账本 \1，而信任策略信任的是 \2",
    ),
    (
        r"leaf (\d+) is not in the tree that the log signed",
        r"日志所签署的树中没有这样的第 \1 条",
    ),
    (
        r"(\S+): leaf (\d+) is not the one whose hash the tile has",
        r"\1：第 \2 条与哈希块不符",
    ),
    (r"(tile/\S+): .+", r"\1 的内容不完整或格式错误"),
    (r"the log of (\d+) leaves does not end in a seal", r"日志（\1 条）未以封印结尾"),
    (r"a log of ours begins with an event, this one is empty", "日志为空"),
    (
        r"(\S+) is shown under (\d+) leaves, not under the (\d+) that were asked for",
        r"\1 的证明对应 \2 条，而非所要求的 \3 条",
    ),
    (r"this is about (\S+), not about (\S+)", r"内容关于 \1，而非 \2"),
    (r"events of (\S+) from (\d+) on, not from (\d+)", r"\1 的事件从第 \2 个起，而非第 \3 个"),
    (
        r"(\S+) had (\d+) events and is now shown with (\d+)",
        r"\1 曾有 \2 个事件，如今仅示 \3 个",
    ),
    (
        r"the (?:first )?(\d+) events of (\S+) are not those seen before",
        r"\2 的前 \1 个事件与此前所见不同",
    ),
    (
        r"the log holds fewer events of (\S+) than it states",
        r"日志中 \1 的事件少于其状态所述",
    ),
    (
        r"no checkpoint is trusted yet: follow the log first",
        "尚无已信任的检查点：请先运行 muniment light follow",
    ),
    (
        r"another process is using the light client's file (.+); try again",
        r"另一进程正在使用记忆文件 \1：请稍后再试",
    ),
    (
        r"the light client's file (.+) is damaged .+",
        r"记忆文件 \1 已损坏：请保留该文件，并用 --state 另指定文件",
    ),
    (r"(.+) is no fork evidence: .+", r"\1 不是分叉证据"),
    # whoever is asked
    (r"(\S+) does not answer(?: in time)?(?:: .+)?", r"\1 没有应答：请稍后再试"),
    (
        r"the hook does not answer(?: in time)?(?:: .+)?",
        "网络回调没有应答：不会遗漏，请稍后再试",
    ),
    (
        r"the hook answers with status (\d+): .+",
        r"网络回调的应答状态为 \1：不会遗漏，请稍后再试",
    ),
    (r"(\S+) answers too slowly", r"\1 应答过慢"),
    (
        r"(\S+) answers (\S+) with status (\d+)(?:; it names '(.+)' instead)?",
        r"\1 对 \2 的应答状态为 \3",
    ),
    (r"(\S+) answers with more than (\d+) bytes", r"\1 的应答超过 \2 字节"),
    (r"(\S+) has no (\S+)", r"\1 没有 \2"),
    (
        r"not an address such as https://example\.org: '(.*)'",
        r"不是网址：\1；请写作 https://example.org",
    ),
    (
        r"an address with a password, a query or a fragment",
        "网址中不得带口令、查询串或片段",
    ),
    # fork evidence
    (r"both notes state one root for one size: that is no fork", "两份检查点相同，不构成分叉"),
    (
        r"the larger tree begins with the smaller one: that is no fork",
        "较大的树以较小的树开头，不构成分叉",
    ),
    (r"the prefix is not the larger tree's: .+", "所附开头不属于较大的树"),
    (
        r"two notes of different sizes contradict each other by a prefix only",
        "大小不同的两份检查点须附较大树的开头",
    ),
    (r"two notes of one size need no prefix", "大小相同的两份检查点无须附开头"),
    (r"two logs, (\S+) and (\S+): that is no fork", r"分属账本 \1 与 \2，不构成分叉"),
    (
        r"the first note is of (\d+) leaves, the second of (\d+)",
        r"第一份检查点为 \1 条，第二份为 \2 条：顺序有误",
    ),
    (
        r"one file watches at most (\d+) subjects",
        r"一个文件最多关注 \1 个主题",
    ),
    (
        r"a hook is sent at most (\d+) bytes, not (\d+)",
        r"回调内容最多 \1 字节，本件为 \2 字节",
    ),
    (
        r"(?:the tiles at the right edge|tile \d+/\d+) .+",
        r"所示日志分块与检查点不符：请稍后再试，或换用其他镜像",
    ),
    (
        r"the answer(?:'s gzip is .+| is compressed as .+| goes on after .+)",
        r"应答的压缩数据有误：请稍后再试",
    ),
    (
        r"this is of the log (\S+), not of (.+)",
        r"此检查点属于账本 \1，而非 \2",
    ),
)

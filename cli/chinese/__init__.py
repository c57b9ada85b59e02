"""Chinese for sentences that lower layers and the option parser say in English.

Those layers serve programs too and know no language; what is not in the table is shown in English
after the kind of error, so that nothing is ever lost.
"""

import re
from itertools import chain
from typing import Final

from cli.chinese import (
    cases,
    following,
    forms,
    light,
    proofs,
    registry,
    remote,
    tables,
    usage,
    witness,
)

_KINDS: Final = {
    "bundle": "文件各部分不相符", "conflict": "日志已被他人追加",
    "consistency": "无法证明日志只增不改", "difference": "重新执行的结果不一致",
    "corruption": "本地数据自相矛盾", "exists": "已存在",
    "fork": "日志出现分叉", "inclusion": "日志中没有该条目", "input": "输入有误",
    "ledger": "账本错误", "limit": "超出上限", "malformed": "格式错误",
    "map_proof": "状态证明不成立", "not_found": "未找到", "opening_required": "需要开示文件",
    "passphrase_required": "需要口令", "quorum": "签名不足或已过时", "rejected": "规则不允许",
    "replay": "重新执行的结果不一致", "rollback": "账本被退回或替换", "signature": "签名不成立",
    "other_score": "得分不符",
    "unanswerable": "该类文件无法回答", "unproved": "没有较新的证明",
    "damaged": "归集文件已损坏",
    "answer": "对方的答复与其检查点不符", "backdated": "条目的时间被倒填",
    "frozen": "久无更新", "origin": "属于另一账本", "gone": "已不再保留",
    "finding": "审计方发现问题", "unknown_rules": "本程序没有该规则集",
    "busy": "节点繁忙", "too_many": "请求过于频繁", "hung_up": "请求未按时送达",
    "method": "该路径不支持此方法", "media_type": "内容类型不符", "server": "节点内部错误",
    "document_missing": "缺少事件所指的文件", "extra_missing": "缺少所需组件",
    "tables_missing": "缺少读取数据表的组件",
    "store_failed": "读写失败", "unavailable": "暂不可用", "usage": "用法有误",
    "verification": "验证未通过", "wrong_passphrase": "口令错误",
}  # fmt: skip

_TABLES: Final = (cases, witness, remote, usage, forms, registry, proofs, following, light, tables)
"""Each has pairs: a pattern for the whole sentence, and what it becomes. The first one serves."""
_HAN: Final = re.compile("[\u4e00-\u9fff]")


def translate(code: str, message: str) -> str:
    """A sentence in Chinese, else in English after the kind of error in Chinese.

    Args:
        code: Of the error.
        message: As raised; one that is in Chinese already is left as it is.
    """
    for english, chinese in chain.from_iterable(table.SENTENCES for table in _TABLES):
        match = re.fullmatch(english, message, re.DOTALL)
        if match is not None:
            return match.expand(chinese)
    kind = _KINDS.get(code)
    return message if kind is None or _HAN.search(message) else f"{kind}：{message}"

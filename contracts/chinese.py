"""Chinese for the few words of the ledger that stand in sentences which files carry.

Spec: domain, sections 1 and 2.
"""

from collections.abc import Mapping
from typing import Final

ZH: Final = ":zh-CN"
"""Ends the name of what a report shows in Chinese, beside the same in English."""
RIGHTS: Final[Mapping[str, str]] = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
BASES: Final[Mapping[str, str]] = {
    "self-generated": "自行产生",
    "commissioned": "受托或委托产生",
    "contract": "协议取得",
    "personal": "自然人自有数据",
    "crawled-public": "自动化程序收集公开数据",
    "crawled-product": "收集公开数据加工形成的产品",
    "fused": "融合形成",
    "derived": "衍生创造",
    "public-utility": "公用事业服务产生",
    "public-product": "公共数据授权运营产品",
    "entrusted": "受托处理",
    "state-organ": "国家机关履职产生",
}
VERDICTS: Final[Mapping[str, str]] = {
    "permitted": "允许",
    "prohibited": "禁止",
    "not covered": "未涵盖",
}
STATUSES: Final[Mapping[str, str]] = {
    "valid": "有效",
    "superseded": "已被替代",
    "cancelled": "已注销",
    "revoked": "已依职权注销",
}
"""Of vouchers, as their states have them."""
OBJECTIONS: Final[Mapping[str, str]] = {
    "filed": "已提出",
    "notified": "已告知权利人",
    "responded": "权利人已答复",
    "to-court": "仲裁或诉讼中",
    "dismissed": "异议不成立",
    "withdrawn": "已撤回",
    "upheld": "异议成立",
}
"""Stages of an objection to what is registered."""
GRANTS: Final[Mapping[str, str]] = {"offered": "待接受", "live": "有效", "revoked": "已撤回"}
"""Statuses of grants, as their states have them."""
DELIVERIES: Final[Mapping[str, str]] = {"sent": "已发送", "received": "已签收"}
"""Statuses of deliveries, as their states have them."""

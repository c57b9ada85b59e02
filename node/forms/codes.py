"""What the blanks of the forms may be filled with, each code with its Chinese name.

Spec: annexes 1 to 5; Art. 3; domain, sections 1 and 2.
"""

from typing import Final

KINDS: Final = {"natural": "自然人", "legal": "法人", "unincorporated": "非法人组织"}
RIGHTS: Final = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
BASES: Final = {
    "self-generated": "自行产生",
    "commissioned": "受托或合作产生",
    "contract": "协议取得",
    "personal": "个人数据",
    "crawled-public": "收集公开数据",
    "crawled-product": "公开数据加工产品",
    "fused": "融合",
    "derived": "衍生",
    "public-utility": "公用企业数据",
    "public-product": "公共数据授权运营产品",
    "entrusted": "受托处理",
    "state-organ": "国家机关数据",
}
SOURCES: Final = {
    "collected": "采集生成",
    "crawled-public": "通过自动化程序收集公开数据",
    "contract": "协议取得",
    "derived": "衍生创造",
}
SPATIAL: Final = {
    "international": "国际",
    "national": "全国",
    "province": "省级",
    "city": "市级",
    "county": "区县级",
    "below-county": "区县级以下",
}
FREQUENCIES: Final = {
    "daily": "天",
    "weekly": "周",
    "monthly": "月",
    "yearly": "年",
    "on-demand": "按需",
    "real-time": "实时",
    "other": "其他",
}
SHAPES: Final = {
    "image": "图片",
    "text": "文本",
    "video": "视频",
    "audio": "音频",
    "table": "表格",
    "other": "其他",
    "structured": "结构化",
    "semi-structured": "半结构化",
    "unstructured": "非结构化",
}
STAGES: Final = {"raw": "原始数据", "element": "数据元件", "product": "数据产品"}
CLASSES: Final = {"public": "公共数据", "enterprise": "企业数据", "personal": "个人数据"}
LEVELS: Final = {
    "general-1": "一般1级",
    "general-2": "一般2级",
    "general-3": "一般3级",
    "general-4": "一般4级",
    "important": "重要数据",
    "core": "核心数据",
}
OPENNESS: Final = {"unconditional": "无条件开放", "conditional": "有条件开放", "closed": "不开放"}
SCOPES: Final = {"all": "全部", "part": "部分"}
GROUNDS: Final = {
    "judgment": "生效判决",
    "arbitration": "仲裁裁决",
    "merger": "合并",
    "succession": "继承",
    "liquidation": "清算",
}
CODES: Final = (
    KINDS, RIGHTS, BASES, SOURCES, SPATIAL, FREQUENCIES, SHAPES, STAGES, CLASSES, LEVELS, OPENNESS,
    SCOPES, GROUNDS,
)  # fmt: skip
"""All of them."""

"""What a title seems to lack (Art. 19), and what is longer than the form likes; hints only.

A title names time, region, industry, content and kind. A program cannot tell for sure whether one
does: what is said here refuses nothing.

Spec: Art. 19.
"""

import re
from collections.abc import Mapping
from typing import Final

from contracts.forms import SUMMARY_HINT, TITLE_HINT
from ledger.core.types import Json
from node.forms.shape import Finding

_REGIONS: Final = (
    "省|市|区|县|州|旗|盟|镇|乡|国|港|全球|国际|世界|华东|华南|华北|华中|东北|西北|西南|长三角|珠三角|"
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|"
    "海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|南京|苏州|盐城|宁波|"
    "深圳|广州|杭州|city|county|province|district|region|national|china|global|world|beijing|"
    "shanghai|jiangsu|nanjing|shenzhen|gansu|ningbo"
)
_INDUSTRIES: Final = (
    "交通|运输|停车|公交|航班|航空|铁路|公路|物流|金融|银行|保险|证券|医|卫生|健康|药|教育|学校|能源|"
    "电力|电网|用电|燃气|供水|用水|水务|石油|煤|工业|制造|企业|农|林|牧|渔|气象|环境|环保|海洋|地理|"
    "测绘|自然资源|国土|房|建筑|住建|旅游|文化|文旅|体育|电信|通信|网络|互联网|软件|信息|商|贸易|零售|"
    "消费|税|财政|政务|公共|信用|司法|公安|社保|就业|人口|科|研|traffic|transport|parking|flight|rail|"
    "road|logistic|financ|bank|insur|health|medic|educat|school|energy|power|electric|gas|water|"
    "oil|industr|manufact|farm|agri|weather|climate|environment|marine|geo|map|estate|build|"
    "tour|telecom|network|software|trade|retail|tax|public|credit|court|labour|population|research"
)
_KINDS: Final = (
    "数据|图|影像|照片|文本|语料|视频|音频|录音|表|名录|目录|清单|台账|日志|记录|报告|指数|模型|集|库|轨迹|"
    "data|table|record|image|picture|photo|text|corpus|video|audio|map|list|log|report|index|set|"
    "track"
)
_TIME: Final = re.compile(
    r"[0-9]{4}|[0-9]{2}年|[年月日季周时]|year|month|dai?ly|week|hour|quarter|real-time|annual"
)
_PARTS: Final = (
    (_TIME, "time", "时间"),
    (re.compile(_REGIONS), "region", "地域"),
    (re.compile(_INDUSTRIES), "industry", "行业"),
    (re.compile(_KINDS), "kind of data", "数据类型"),
)
_LEAST_CONTENT: Final = 2
"""Characters that say what the data is about, besides the other four."""


def hint_title(title: str) -> Finding | None:
    """Which of the five things a title should name it seems to lack; None: it seems complete.

    Args:
        title: As filled in.
    """
    text, rest = title.lower(), title.lower()
    lacking: list[tuple[str, str]] = []
    for pattern, en, zh in _PARTS:
        if pattern.search(text) is None:
            lacking.append((en, zh))
        rest = pattern.sub("", rest)
    if len(re.sub(r"[\W\d_]", "", rest)) < _LEAST_CONTENT:
        lacking.append(("content", "内容"))
    if not lacking:
        return None
    return Finding(
        "data.title",
        f"seems not to name its {', '.join(en for en, _ in lacking)}: a title names time, region, "
        "industry, content and kind (Art. 19)",
        f"似未写明{'、'.join(zh for _, zh in lacking)}：数据名称应体现时间、地域、行业、内容、"
        "数据类型（第十九条）",
    )


def hint_lengths(members: Mapping[str, Json]) -> list[Finding]:
    """Title and summary that are longer than the form likes.

    Args:
        members: Of the application, by name.
    """
    found = []
    for name, zh, most in (
        ("title", "数据名称", TITLE_HINT),
        ("summary", "数据概述", SUMMARY_HINT),
    ):
        length = len(str(members.get(name) or ""))
        if length > most:
            found.append(
                Finding(
                    f"data.{name}",
                    f"the {name} has {length} characters; the form says not above {most}",
                    f"{zh} {length} 个字，不宜超过 {most} 个字",
                )
            )
    return found

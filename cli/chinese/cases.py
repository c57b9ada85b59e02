"""Chinese for what is said of cases of traced files."""

from typing import Final

SENTENCES: Final = (
    (
        r"(\S+) lies in a case without finding\.json",
        r"案卷内有 \1 而无 finding.json：请索取完整案卷",
    ),
    (r"a finding makes a case, and this is a (\S+)", r"含有认定的应为案卷，而此文件为 \1"),
    (
        r"a case holds the files that its finding speaks of, no more and no less: (.+)",
        r"案卷应恰含认定所述的文件，不多不少：\1",
    ),
    (
        r"(\S+) is proved under another checkpoint than the finding names",
        r"\1 的证明所依检查点与认定所载不同",
    ),
    (
        r"the finding names another time than that of its checkpoint",
        r"认定所载时间与其检查点不符",
    ),
    (
        r"the case does not prove the asset that the finding names",
        r"案卷未证明认定所指的数据",
    ),
    (r"the voucher in the case is not the asset's newest one", r"案卷内的凭证并非该数据最新的凭证"),
    (r"the asset was published under another title", r"该数据公示的名称与认定不符"),
    (
        r"whether the file is the registered one is not as the finding says",
        r"文件是否为所登记的文件，与认定所述不符",
    ),
    (
        r"another fingerprint record was committed to at registration",
        r"登记时承诺的是另一份指纹记录",
    ),
    (
        r"the history of the asset shows other deliveries than the finding",
        r"该数据的历史所载交付与认定不符",
    ),
    (
        r"a delivery has a chance if and only if it was scored by a pattern",
        r"有概率的交付须载明所据假设，反之亦然",
    ),
    (
        r"the threshold is not the bound shared among the deliveries scored",
        r"阈值并非由概率上限按参与评分的交付分摊所得",
    ),
    (
        r"the table of chances names other deliveries than the finding",
        r"按概率表应指明的交付与认定不符",
    ),
    (r"the case does not hold the history of (\S+)", r"案卷内没有 \1 的完整历史"),
    (r"the log has another (\S+) than the finding", r"日志所载 \1 与认定不符"),
    (r"(\S+) is of another asset", r"\1 属于另一数据"),
    (
        r"(\S+) commits to no marking key: nothing names it",
        r"\1 未承诺标记密钥：无从指明",
    ),
    (
        r"(\S+) was made after the act, and its marks with it",
        r"\1 及其标记晚于该行为",
    ),
    (r"the log has other deliveries below (\S+)", r"日志所载 \1 之下的交付与认定不符"),
    (
        r"the verdict is not about the recipient of (\S+)",
        r"核查结论所涉并非 \1 的接收方",
    ),
    (
        r"the grants make the act (.+), not (.+)",
        r"依授权，该行为的结论为 \1，而非 \2",
    ),
    (
        r"the date of the act is not the one that the finding says it took",
        r"行为日期与认定所述来源不符",
    ),
    (r"(\S+) is not called (.+)", r"\1 的名称并非 \2"),
    (
        r"(\S+) is not the report of finding\.json: make the case anew",
        r"\1 并非 finding.json 的报告：请重新制作案卷",
    ),
    (
        r"this is not the file of the case: its SHA-256 is (\w+)",
        r"这不是案卷所涉的文件：其 SHA-256 为 \1",
    ),
    (r"(\S+) is named and no candidate", r"所指明的 \1 不在交付列表中"),
    (r"a finding lies at (\S+), not at (\S+)", r"认定应位于 \1，而非 \2"),
)

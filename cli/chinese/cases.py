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
    (
        r"this original is not the registered file: its SHA-256 is (\w+)",
        r"所给原始数据并非所登记的文件：其 SHA-256 为 \1",
    ),
    (
        r"the sender of (\S+) had no such copy to make it from",
        r"\1 的交付方并无可据以制作该副本的副本",
    ),
    (
        r"only the case of a traced file has scores: leave out --original, or verify the case",
        r"只有溯源案卷才有得分：请去掉 --original，或改为验证案卷",
    ),
    (
        r"the case scored no delivery, so there is nothing to work out again: leave out "
        r"--original and --opening",
        r"案卷未对任何交付评分，无可重新计算：请去掉 --original 与 --opening",
    ),
    (
        r"the scores of the case were worked out by (\S+), and this program works by (\S+): "
        r"use muniment (.+)",
        r"案卷的得分按 \1 计算，本程序按 \2 计算：请使用 muniment \3",
    ),
    (
        r"what (\S+) committed to is no marking key",
        r"\1 所承诺的并非标记密钥",
    ),
    (
        r"an opening by (\S+) is of no other delivery that the case scored: give each of them "
        r"once, as 'muniment escrow export DELIVERY --out FILE' wrote it",
        r"\1 的一份开示不属于案卷中其他参与评分的交付：每份请仅给出一次，"
        r"须为 muniment escrow export 交付 --out 文件 所写出者",
    ),
    (
        r"to work out the scores again takes the opened marking key of (.+): whoever has it "
        r"writes it with 'muniment escrow export DELIVERY --out FILE'; give it with --opening",
        r"重新计算得分须有 \1 的开启的标记密钥：由持有者以 muniment escrow export 交付 --out 文件 "
        r"写出，并用 --opening 给出",
    ),
    (
        r"the case states a chance of (\S+) \((\S+)\) for (\S+), and these files and keys give "
        r"(\S+) \((\S+)\)",
        r"案卷所载 \3 的概率为 \1（\2），而依所给文件与密钥为 \4（\5）",
    ),
    (
        r"the case states (\d+) rows and (\d+) marked cells that were weighed, and these files "
        r"give (\d+) and (\d+)",
        r"案卷所载参与评分的为 \1 行、\2 个标记单元格，而依所给文件为 \3 行、\4 个",
    ),
    (
        r"the case states another share of aligned rows than these files have",
        r"案卷所载逐行对齐的占比与所给文件不符",
    ),
    (
        r"the signature is of another finding, or by another party",
        r"签名所针对的并非该认定，或签名人不是所载主体",
    ),
    (
        r"the case does not hold the state of (\S+), which signs it",
        r"案卷内没有签名人 \1 的状态",
    ),
    (
        r"the finding is signed by (\S+), which was no key of (\S+) then",
        r"认定由 \1 签名，而该密钥当时并非 \2 的密钥",
    ),
    (
        r"a finding's signature lies at (\S+), not at (\S+)",
        r"认定的签名应位于 \1，而非 \2",
    ),
    (
        r"the pages of the history of (\S+) are not in their order",
        r"\1 的历史各页未按顺序",
    ),
    (
        r"the pages do not make the history of (\S+) that the dossier names",
        r"各页不能构成档案所载 \1 的历史",
    ),
    (r"(\S+) is named and no candidate", r"所指明的 \1 不在交付列表中"),
    (r"a finding lies at (\S+), not at (\S+)", r"认定应位于 \1，而非 \2"),
)

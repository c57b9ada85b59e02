"""Chinese for what is said of files that prove something, and of packs of them."""

from typing import Final

_VERIFIED: Final = (
    "可验证凭证、查询、行为核查、查询证明、交付文件、使用明细、"
    "回执、状态、档案、数据目录、国家系统报送文件、证据包、分叉证据、状态分桶与 .tlog-proof"
)
SENTENCES: Final = (
    # verification
    (
        r"this is of the log (.+), and the policy trusts (.+)",
        r"此文件属于账本 \1，而信任策略所信的是 \2",
    ),
    (r"this is an? (\S+), not an? (\S+)", r"这是 \1，而非 \2"),
    (r"this is about (\S+), not about (\S+)", r"所关主题为 \1，而非 \2"),
    (
        r"this is not the registered file: its SHA-256 is (\w+), of (\d+) bytes",
        r"这不是所登记的文件：其 SHA-256 为 \1，共 \2 字节",
    ),
    (
        r"whether this is the registered file cannot be told without the opening.*",
        "没有数据承诺的开示文件，无法判断此文件是否为所登记的文件：请用 --opening 给出"
        "（由权利人用 muniment voucher export 编号 --opening 文件 制作）",
    ),
    (
        r"the proof is (\d+) s old, more than the (\d+) s allowed: ask for a newer one",
        r"该证明已有 \1 秒，超过允许的 \2 秒：请索取新的证明",
    ),
    (
        r"the bucket (\S*) says nothing of (\S+), whose key hash begins with (\w+)",
        r"前缀为 \1 的状态分桶不涉及 \2（其标识散列以 \3 开头）",
    ),
    (
        r"signed with the key (.+), and the policy has (.+): if the log has changed its key.*",
        r"签署密钥为 \1，而信任策略所列为 \2：若账本已更换日志密钥，请向登记机构索取新的策略行"
        r"（log 行）；新旧密钥共同签署的检查点可资核对",
    ),
    (
        r"the note has no signature of a known key",
        "信任策略所列账本均未签署此检查点：请核对策略文件",
    ),
    (
        r"no log of the policy has signed this checkpoint of '(.+)'",
        r"信任策略所列账本均未签署此检查点（\1）：请核对策略文件",
    ),
    (r"not JSON: (.+)", r"不是 JSON：\1"),
    (r"not UTF-8", "不是 UTF-8 文本"),
    (
        r"a \.tlog-proof is about an entry: give its bytes with --entry FILE",
        "tlog-proof 须与条目一起验证：请用 --entry 给出条目文件",
    ),
    (
        r"not a file that Muniment verifies: format (.+?); .+",
        rf"不是可验证的文件（format 为 \1）：{_VERIFIED}",
    ),
    (
        r"not a file that Muniment verifies: it names no format; .+",
        f"不是可验证的文件（未写明 format）：{_VERIFIED}",
    ),
    (r"not a JSON object", "不是 JSON 对象"),
    (
        r"not a report(, or not its bytes)?: .+",
        "这不是工作报告，或内容已被改写：请给出 muniment report --out 文件.json 所写的文件",
    ),
    # packs and the wallet
    (
        r"(\S+) is not the proof that was added: restore it, or remove (\S+) beside it.*",
        r"\1 不是当初收入的证明：请恢复该文件，或删除同目录的 \2 后重新收入",
    ),
    (
        r"(\S+) is (?:damaged|of another item): remove it and add the proof again.*",
        r"\1 已损坏：请删除后重新收入该证明",
    ),
    (
        r"a \.tlog-proof proves nothing without its entry: .+",
        "tlog-proof 脱离条目即无证明力：请归集回执"
        "（muniment proof inclusion 位置 --receipt --out 文件）",
    ),
    (r"(\S+) is not the file that the manifest names", r"\1 与清单所列文件不符"),
    (
        r"the manifest lists exactly the files that are there: not so (.+)",
        r"清单须与包内文件完全一致：\1 不一致",
    ),
    (
        r"the statement says something else than the proofs: its (\w+)",
        r"陈述与证明不符：\1",
    ),
    (
        r"(\S+) is not the text of (\S+): make the pack anew",
        r"\1 不是 \2 的文本：请重新制作证据包",
    ),
    (
        r"(\S+) lies in a pack without (\S+): leave it out",
        r"证据包内有 \1 而无 \2：请将其移除",
    ),
    (
        r"(\S+) is proved under another checkpoint than the voucher that the statement is "
        r"about: make the pack anew, or leave the statement out",
        r"\1 与陈述所关于的凭证不在同一检查点下证明：请重新制作证据包，或移除陈述",
    ),
    (
        r"(\S+) is proved absent, and once was there",
        r"\1 曾经存在，现证明不存在",
    ),
    (
        r"(\S+) has another history than before",
        r"\1 的历史与此前不同",
    ),
    (
        r"the statement is about (\S+), of which the pack holds (\d+)",
        r"陈述关于 \1，而证据包内有 \2 份该凭证",
    ),
    (
        r"the opening is of (\S+), which the pack is not about",
        r"开示文件关于 \1，与本证据包无关",
    ),
    (r"an opening opens nothing of (\S+)", r"有开示内容与 \1 的承诺不符"),
    (
        r"a pack without a single proof: there is nothing to verify",
        "证据包内没有任何证明，无可验证",
    ),
    (
        r"packs lie in packs only once: verify the inner one by itself",
        "证据包只能嵌套一层：请单独验证内层证据包",
    ),
    (r"a ZIP without manifest\.json: .+", "ZIP 内没有 manifest.json：不是证据包或案卷"),
    (r"the ZIP holds more than (\d+) bytes: split it", r"ZIP 解压后超过 \1 字节：请拆分"),
    (r"the ZIP has (\d+) files, more than (\d+)", r"ZIP 有 \1 个文件，超过上限 \2"),
    (
        r"the ZIP does not end with its directory: it is cut off or goes on",
        "ZIP 不完整，或末尾有多余内容",
    ),
    (r"(\S+) is a link or a folder, not a file", r"\1 是链接或目录，不是文件"),
    (r"(\S+) is encrypted, or packed in another way", r"\1 已加密，或压缩方式不受支持"),
    (r"(\d+) bytes are more than the (\d+) allowed here", r"\1 字节，超过上限 \2 字节"),
    (r"nested more than (\d+) deep", r"嵌套超过 \1 层"),
    # exports and reports
    (
        r"this is of (\d+) leaves, and this copy of the log has (\d+): .+",
        r"此文件涉及 \1 条日志，而本副本仅有 \2 条：请使用较新的副本",
    ),
    (r"this is of the log (.+), and this log is (.+)", r"此文件属于账本 \1，而本账本为 \2"),
    (
        r"the report says something else than this log: its (\w+)",
        r"报告与本日志不符：\1",
    ),
    (
        r"the file carries no proofs, only a digest: .+",
        "文件仅有摘要，未附证明：请索取用 muniment export national --with-proofs 制作的文件",
    ),
    (
        r"the catalogue carries no proofs: .+",
        "目录未附证明：请索取未用 --without-proofs 制作的目录",
    ),
    (
        r"the (?:document|catalogue) says something else than the proofs: its (\S+)",
        r"内容与证明不符：\1",
    ),
    (
        r"no checkpoint was signed at the size (\d+): .+",
        r"大小为 \1 时未签署检查点：请去掉 --at，或给出已签署检查点的大小",
    ),
    (
        r"the bucket holds (\d+) subjects, and the seal (\d+)",
        r"状态分桶有 \1 个主题，而封印所载为 \2",
    ),
    (
        r"the bucket leads to (\w+), not to the root of the seal",
        r"状态分桶的根与封印不符",
    ),
    (
        r"a bucket holds at most (\d+) subjects",
        r"一个状态分桶最多 \1 个主题",
    ),
)

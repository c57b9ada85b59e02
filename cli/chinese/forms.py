"""Chinese for what is said of forms, batches and published lists."""

import re
from typing import Final

_TOML_FAULTS: Final = (
    ("has no value that TOML knows", "的内容不是有效的值：文字请用引号括起"),
    ("has a text without its second quote", "的文字缺少后引号：请补上"),
    ("has a name without =", "的名称之后缺少 =：请写作 名称 = 内容"),
    ("begins with a character", "开头的字符不能用于名称：请写作 名称 = 内容"),
    ("is no setting", "不是有效的填写项：请写作 名称 = 内容，说明文字前请加 #"),
    ("goes on after its value", "在内容之后还有文字：每行只写一项"),
    ("has a list without its end", "的列表未结束：请以 ] 结束"),
    ("fills in a blank a second time", "重复填写同一项：请只填一次"),
    ("begins a table a second time", "重复同一组：请只写一次，可多组的请写作 [[名称]]"),
    ("has a day that there is not", "的日期不存在：请写作 2026-01-31"),
    ("has a lone backslash", "的文字中有单个反斜杠：请写作 \\\\\\\\ 或 /"),
)
SENTENCES: Final = (
    # forms and batches
    (
        r"the batch is not UTF-8, it seems to be (.+) \(line (\d+)\): save it .+",
        r"批量文件不是 UTF-8 编码（第 \2 行，疑为 \1）：请另存为 UTF-8 后重试",
    ),
    (r"the form is not UTF-8: .+", "申请表不是 UTF-8 编码：请另存为 UTF-8"),
    (
        r"the form is not TOML: line (\d+) has full-width (.+?): .+",
        r"申请表第 \1 行有全角符号 \2：引号、逗号与括号请用半角",
    ),
    *(
        (rf"the form is not TOML: line (\d+) {re.escape(fault)}.*", rf"申请表第 \1 行{said}")
        for fault, said in _TOML_FAULTS
    ),
    (r"the form has a name of more than (\d+) parts", r"申请表中的名称超过 \1 段"),
    (r"the form has a number of too many digits: .+", "申请表中的数字位数过多：请写作文字"),
    (r"the form is not TOML: (.+)", r"申请表不是有效的 TOML：\1"),
    (
        r"a form has no (\S+): write texts .+",
        r"申请表不能有 \1：文字须加引号，数字须为整数，日期写作 2026-01-31",
    ),
    (r"a batch has at most (\d+) (?:rows|bytes): split it", r"批量文件超过上限 \1：请拆分"),
    (r"the batch is empty: .+", "批量文件为空：首行须为列名"),
    (
        r"the header names a column twice: .+",
        "表头有重复的列名：每列只列一次；file 与 files 是同一列",
    ),
    (
        r"no blank of the form has the name in column (.+) of the first line, .+",
        r"首行（表头）第 \1 列的列名不是申请表的项；见 muniment register --template initial "
        "与 docs/forms.md",
    ),
    (
        r"line (\d+): a row of a batch has at most (\d+) characters; .+",
        r"第 \1 行：批量文件每行最多 \2 个字符；请检查引号是否成对",
    ),
    (r"line (\d+) is no row of a CSV table: (.+)", r"第 \1 行不是有效的 CSV：\2"),
    # published lists
    (r"each entry of a list has an id of its own", "清单各条目的 id 不得重复"),
    (
        r"the entry (\S+) names nothing to match: .+",
        r"条目 \1 未写明匹配内容：请给出 industry、class、level 或 asset",
    ),
    (
        r"the entry (\S+) names a level, which is what the catalogue decides",
        r"条目 \1 不得写明 level：级别由目录决定",
    ),
    (r"a list has at most (\d+) bytes, this one (\d+)", r"清单最多 \1 字节，本件为 \2 字节"),
)

"""Chinese for what readers of tables say."""

from typing import Final

_LINE: Final = r"(.+), line ([\d,]+): "
_ROW: Final = r"(.+), row ([\d,]+): "

SENTENCES: Final = (
    (
        r"tables need (\S+), which is not installed: (pip install .+)",
        r"读取数据表需要 \1，尚未安装：\2",
    ),
    (
        r"(.+) is no table that we know: name it (.+)",
        r"\1 不是可识别的数据表：请以 .csv、.tsv、.jsonl、.xlsx 或 .parquet 为扩展名",
    ),
    (
        r"(.+) is an old or encrypted Office file: .+",
        r"\1 是旧版或加密的 Office 文件：请另存为 .xlsx",
    ),
    (r"(.+) has no header: .+", r"\1 没有表头：首行须为各列名称"),
    (r"(.+) has no line with a member, hence no column", r"\1 中没有任何成员，因而没有列"),
    (r"(.+) is UTF-16: save it as UTF-8", r"\1 为 UTF-16 编码：请另存为 UTF-8"),
    (
        r"(.+) has a NUL byte, which no text has: byte ([\d,]+), line ([\d,]+)",
        r"\1 第 \3 行（字节 \2）含有空字节，不是文本",
    ),
    (
        r"(.+) is not UTF-8, as its first bytes say it is: byte ([\d,]+), line ([\d,]+)",
        r"\1 开头标明为 UTF-8，但第 \3 行（字节 \2）不是",
    ),
    (
        r"(.+) is neither UTF-8 \(byte ([\d,]+), line ([\d,]+)\) nor GB18030 "
        r"\(byte ([\d,]+), line ([\d,]+)\)",
        r"\1 既不是 UTF-8（第 \3 行，字节 \2）也不是 GB18030（第 \5 行，字节 \4）",
    ),
    (
        r"(.+) has a line of more than ([\d,]+) bytes, near line ([\d,]+)",
        r"\1 第 \3 行附近有超过 \2 字节的行",
    ),
    (
        _LINE + r"([\d,]+) cells, and the header has ([\d,]+)",
        r"\1 第 \2 行有 \3 个单元格，而表头有 \4 列",
    ),
    (_LINE + r"a cell begins with a quote that is never closed", r"\1 第 \2 行：引号没有闭合"),
    (
        _LINE + r"after the closing quote of a cell its text goes on",
        r"\1 第 \2 行：单元格的闭合引号之后仍有文字",
    ),
    (
        _LINE + r"a cell has more than ([\d,]+) characters",
        r"\1 第 \2 行：单元格超过 \3 个字符",
    ),
    (
        _LINE + r"not an object, which has to stand on each line",
        r"\1 第 \2 行：每行须为一个 JSON 对象",
    ),
    (_LINE + r"a member occurs twice", r"\1 第 \2 行：成员重复"),
    (
        _LINE + r"a member is an object or an array: flatten it",
        r"\1 第 \2 行：成员的值是对象或数组，请先展平",
    ),
    (_LINE + r"(\S+) is no JSON: write null", r"\1 第 \2 行：\3 不是 JSON，空值请写 null"),
    (
        _LINE + r"half of a surrogate pair, which is no character",
        r"\1 第 \2 行：半个代理对不是字符",
    ),
    (_LINE + r"nested too deeply", r"\1 第 \2 行：嵌套过深"),
    (_LINE + r"(.+, character [\d,]+)", r"\1 第 \2 行不是 JSON：\3"),
    (
        r"(.+) has a column whose name has more than ([\d,]+) characters",
        r"\1 有列名超过 \2 个字符",
    ),
    (
        r"(.+) has a row of ([\d,]+) bytes, more than ([\d,]+)",
        r"\1 有一行为 \2 字节，超过上限 \3",
    ),
    (r"(.+) changed while it was read", r"\1 在读取时发生了变化"),
    (r"(.+) has more than ([\d,]+) lines: .+", r"\1 超过 \2 行文本：请取其一部分"),
    (r"(.+) has more than ([\d,]+) rows: .+", r"\1 超过 \2 行：请取其一部分"),
    (r"(.+) has more than ([\d,]+) columns: .+", r"\1 超过 \2 列：请取其一部分"),
    (r"(.+) has more than ([\d,]+) cells: .+", r"\1 超过 \2 个单元格：请取其部分行或列"),
    (
        r"(.+) has ([\d,]+) bytes, and more than ([\d,]+) cells for each of them: .+",
        r"\1 仅 \2 字节，平均每字节超过 \3 个单元格：请另存为 CSV",
    ),
    (
        r"(.+) has ([\d,]+) bytes, and its cells have more than ([\d,]+) bytes of text: .+",
        r"\1 仅 \2 字节，而其单元格文字超过 \3 字节：请另存为 CSV",
    ),
    (
        r"(.+) has ([\d,]+) bytes, more than ([\d,]+): use a part of it",
        r"\1 有 \2 字节，超过上限 \3：请取其一部分",
    ),
    (
        r"(.+) has values on (\d+) visible sheets: .+",
        r"\1 有 \2 张可见工作表含有数据：请将所指的一张另存为单独文件",
    ),
    (_ROW + r"a value beside the header's columns", r"\1 第 \2 行：表头各列之外有数值"),
    (_ROW + r"(.+)", r"\1 第 \2 行有误：\3"),
    (r"(.+) is a ZIP, but no workbook", r"\1 是 ZIP 文件，但不是工作簿"),
    (
        r"(.+): (\S+) has a document type, entities, comments or instructions, .+",
        r"\1：\2 含有文档类型、实体、注释或处理指令，工作簿不应包含",
    ),
    (
        r"(.+): (\S+) unpacks to ([\d,]+) bytes, more than ([\d,]+) times its size",
        r"\1：\2 解压后为 \3 字节，超过压缩前的 \4 倍，拒绝读取",
    ),
    (r"(.+) unpacks to more than ([\d,]+) bytes", r"\1 解压后超过 \2 字节，拒绝读取"),
    (r"(.+) has ([\d,]+) parts, more than ([\d,]+)", r"\1 含 \2 个部件，超过上限 \3"),
    (
        r"(.+): parts of the ZIP overlap or contradict themselves",
        r"\1：ZIP 内各部件相互重叠或自相矛盾",
    ),
    (r"(.+) does not parse as Parquet: .+", r"\1 不是有效的 Parquet 文件"),
    (
        r"(.+): the column (.+) holds (.+), which is no cell",
        r"\1：列 \2 的类型为 \3，不能作为单元格",
    ),
)

"""Chinese for what the option parser says, and for where things lie."""

from typing import Final

SENTENCES: Final = (
    # the option parser
    (r"Missing command\.", "缺少命令"),
    (r"Missing argument '(.+?)'\.?", r"缺少参数 \1"),
    (r"Missing option '(.+?)'\.?", r"缺少选项 \1"),
    (r"No such command '(.+?)'\.?", r"没有命令 \1"),
    (r"No such option: (\S+)\s*\(Possible options: (.+)\)", r"没有选项 \1；是否为 \2？"),
    (r"No such option: (\S+)", r"没有选项 \1"),
    (r"Option '(.+?)' requires an argument\.", r"选项 \1 须带一个值"),
    (r"Option '(.+?)' does not take a value\.", r"选项 \1 不带值"),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"多余的参数：\1"),
    (r"Invalid value for '(.+?)': (.+)", r"\1 的值无效：\2"),
    # where things lie
    (
        r"there is no registry in (.+): make one with 'muniment init'.*",
        r"\1 中没有登记系统：请用 muniment init 新建，或用 --home 或 MUNIMENT_HOME 另指定目录",
    ),
    (
        r"(.+) is not empty: name another folder with --home.*",
        r"\1 不是空目录：请用 --home 另指定目录，或移走其中内容",
    ),
    (r"there is no profile (.+): choose one of (.+)", r"没有规则 \1：请从 \2 中选择"),
    (r"there is no file (.+)", r"没有文件 \1"),
    (r"the profile's member (\S+): is missing", r"规则文件缺少 \1"),
    (r"the profile's member (\S+): there is no such", r"规则文件没有 \1 这一项：请删除"),
    (
        r"the profile's member name: (\S+) ships with the program and says something else: .+",
        r"\1 是随程序提供的规则名称，而该文件内容不同：请另取名称",
    ),
    (r"the profile's member (\S+): (.+)", r"规则文件的 \1 有误：\2"),
    (r"cannot read (.+): (.+)", r"无法读取 \1：\2"),
    (r"cannot write (.+): (.+)", r"无法写入 \1：\2"),
    (
        r"(.+) is there already, and not empty: name another folder",
        r"\1 已存在且非空：请另指定目录",
    ),
    (r"cannot make (.+): (.+)", r"无法建立 \1：\2"),
    (r"another process is using the folder (.+); .+", r"另一进程正在写入目录 \1：请稍后再试"),
    (r"another process is using .+", "另一进程正在使用登记系统：请稍后再试"),
    (r"(.+) is not a regular file", r"\1 不是普通文件"),
    (r"there is no folder (.+)", r"没有文件夹 \1"),
    (r"(.+) is a folder: name a file in it", r"\1 是文件夹：请给出其中的文件名"),
    (
        r"(.+) exists(?: by now)?: name another file(?:, or say --force)?",
        r"\1 已存在：请另指定文件，或使用 --force",
    ),
)

"""Help and usage errors in the chosen language, around the option parser's own English."""

import re
import sys
from typing import TYPE_CHECKING, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

from cli.exitcodes import Exit, UsageError
from cli.lang import is_chinese, say
from cli.output import Output

if TYPE_CHECKING:
    from typer._click import Context as ParentContext  # what typer.Context extends

_SAYING: Final = frozenset(
    ["accuracy", "ask", "clarity", "compliance", "ground", "missing", "reason", "reasons", "text"]
)
"""Parameters whose text has to say something."""
_HEADINGS: Final = tuple(
    (re.compile(english, re.MULTILINE), chinese)
    for english, chinese in (
        (r"^Usage: ", "用法： "),
        (r"^Options:$", "选项："),
        (r"^Arguments:$", "参数："),
        (r"^Commands:$", "命令："),
        (r"(?<=  )\[required\]", "[必填]"),
        (r"\[OPTIONS\]", "[选项]"),
        (r"COMMAND \[ARGS\]\.\.\.", "命令 [参数]..."),
        (r"Show this message and exit\.", "显示本帮助。"),
        (r"Install completion for the current shell\.", "为当前 shell 安装命令补全。"),
        (
            r"Show completion for the current shell, to copy it\s+or customize the installation\.",
            "显示当前 shell 的补全脚本。",
        ),
    )
)


class HelpCommand(TyperCommand):
    """A command whose help is wholly in the chosen language; no reason given to it is blank."""

    @override
    def parse_args(self, ctx: "ParentContext", args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        for parameter in self.get_params(ctx):
            name = parameter.name or ""
            if name in ctx.params and name in _SAYING:
                ctx.params[name] = _strip(parameter.opts[0], ctx.params[name])
        return rest

    @override
    def get_help(self, ctx: "ParentContext") -> str:
        return _polish_help(super().get_help(ctx))


class HelpGroup(TyperGroup):
    """The same for a group of commands."""

    @override
    def get_help(self, ctx: "ParentContext") -> str:
        return _polish_help(super().get_help(ctx))


def adapt_help(app: typer.Typer) -> None:
    """Have every command of an app show its help in the chosen language."""
    app.info.cls = HelpGroup
    for command in app.registered_commands:
        command.cls = HelpCommand
    for group in app.registered_groups:
        if group.typer_instance is not None:
            group.cls = HelpGroup
            adapt_help(group.typer_instance)


def show_usage_error(out: Output, error: typer.TyperException) -> Exit:
    """Say how the command is to be used.

    Args:
        out: Prints.
        error: What the option parser raised; it knows the command, if it came so far.
    """
    context: ParentContext | None = getattr(error, "ctx", None)
    command = "muniment" if context is None else context.command_path
    see = say(f"see {command} --help", f"见 {command} --help")
    is_help = type(error).__name__ == "NoArgsIsHelpError"  # a group without a command
    if is_help and not out.is_json:
        print(error.format_message(), file=sys.stderr)
        return Exit.USAGE
    if context is not None and not out.is_json:
        print(_polish_help(context.get_usage()), file=sys.stderr)
    message = "Missing command." if is_help else error.format_message()
    out.error(UsageError(message, hint=see))
    return Exit.USAGE


def _strip(option: str, value: object) -> object:
    """What was given, texts without blanks at their ends.

    Raises:
        UsageError: A text has nothing else in it, such as a reason that says nothing.
    """
    if isinstance(value, list):
        return [_strip(option, each) for each in value]
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise UsageError(
            say(f"{option} is empty: say something", f"{option} 为空：请填写内容"), "option_value"
        )
    return value.strip()


def _polish_help(text: str) -> str:
    """Arguments as manuals write them, and headings in the chosen language."""
    text = re.sub(r"\{(\w+)\}", r"<\1>", text)
    text = re.sub(r"<list\[(\w+)\]>", lambda found: f"<{found[1].lower()}>      ", text)
    if is_chinese():
        for english, chinese in _HEADINGS:
            text = english.sub(chinese, text)
    return text

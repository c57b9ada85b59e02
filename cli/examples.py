"""One example for each command whose help has none of its own."""

from typing import Final

import typer

from cli.lang import say

_GRANT: Final = "3l4b7i7o"
_NUMBER: Final = "TEST2026110001"
_FILING: Final = "rdydrlpl"
_EXAMPLES: Final = {
    "adopt": "adopt --checkpoint checkpoint.txt",
    "stats": "stats --json",
    "grant accept": f"grant accept {_GRANT}",
    "grant list": f"grant list --asset {_NUMBER}",
    "grant show": f"grant show {_GRANT}",
    "key export": "key export operator",
    "key list": "key list",
    "log checkpoint": "log checkpoint",
    "log export": "log export --out log.ndjson",
    "log tail": "log tail -n 20",
    "party admit": "party admit 'Harbour Audit' --role auditor",
    "party list": "party list",
    "party recover": "party recover 'Harbour Ltd' --add did:key:z6Mk...",
    "party rotate": "party rotate 'Harbour Ltd' --add did:key:z6Mk...",
    "party show": "party show 'Harbour Ltd'",
    "party suspend": "party suspend 'Harbour Ltd' --ground 'licence withdrawn'",
    "proof absence": "proof absence voucher/SJ3212026110001 --out none.json",
    "proof consistency": "proof consistency 7 40",
    "proof inclusion": "proof inclusion 5 --receipt --out receipt.json",
    "query asset": f"query asset {_NUMBER} --proof asset.json",
    "query below": f"query below {_GRANT} --certificate below.json",
    "query grants": f"query grants {_NUMBER} --at 2026-12-31",
    "query holder": "query holder 'Harbour Ltd' --at 2026-12-31",
    "query party": "query party 'Harbour Ltd' --proof party.json",
    "query voucher": f"query voucher {_NUMBER} --proof voucher.json",
    "registration accept": f"registration accept {_FILING}",
    "registration extend": f"registration extend {_FILING} --reason 'complex sources'",
    "registration list": "registration list --limit 50",
    "registration object": (
        f"registration object {_FILING} --reason 'it is ours' --evidence contract.pdf --as Harbour"
    ),
    "registration publish": f"registration publish {_FILING}",
    "registration record": (
        f"registration record {_FILING} --accuracy a --compliance b --clarity c"
    ),
    "registration refuse": f"registration refuse {_FILING} --ground 22-1 --reasons r",
    "registration resolve": f"registration resolve {_FILING} --outcome dismissed --reasons r",
    "registration return": f"registration return {_FILING} --missing summary --until 2026-12-31",
    "registration revoke": f"registration revoke {_FILING} --ground judgment --reasons r",
    "registration show": f"registration show {_FILING}",
    "registration supplement": f"registration supplement {_FILING} --ask 'the contract'",
    "registration terminate": f"registration terminate {_FILING} --reasons 'source unclear'",
    "registration withdraw": f"registration withdraw {_FILING}",
    "registration withhold": f"registration withhold {_FILING} --reason 'trade secret'",
    "trace grant": f"trace grant {_GRANT} --format svg --out chain.svg",
    "trace holder": "trace holder 'Harbour Ltd'",
    "wallet list": "wallet list",
}
"""What stands after `muniment`, by the words of the command."""


def add_examples(app: typer.Typer, prefix: str = "") -> None:
    """Put the examples into the help of an app's commands, and of its groups'.

    Args:
        app: With all its commands.
        prefix: Words of the group that it is, with a blank after them.
    """
    for command in app.registered_commands:
        example = _EXAMPLES.get(f"{prefix}{command.name}")
        if example is not None:
            command.help = f"{command.help}\n\n{say('Example: ', '示例：')}muniment {example}"
    for group in app.registered_groups:
        if group.typer_instance is not None:
            add_examples(group.typer_instance, f"{prefix}{group.name} ")

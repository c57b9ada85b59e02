"""Where the files of a case lie.

| path | what it is |
|---|---|
| `finding.json` | the finding |
| `report.en.html`, `report.zh-cn.html` | what it says, for people |
| `asset.voucher.json` | the voucher of the asset, with its states |
| `opening.json` | what was committed to at registration: digest and fingerprint record |
| `asset.dossier.json` | the whole history of the asset: every grant, delivery and receipt of it |
| `named/1/delivery.dossier.json` | a named delivery: its entry, its countersignature |
| `named/1/check.json` | whether its recipient might hand the data on, with every grant used |
| `names/1.state.json` | a party that the report calls by name |

Which of them there are follows from the finding, so that a file left out or added is noticed.

Spec: our formats, section 7, "case".
"""

from typing import Final

from node.tracing.finding import FINDING_FILE, REPORT_FILES, Finding

VOUCHER_PATH: Final = "asset.voucher.json"
OPENING_PATH: Final = "opening.json"
HISTORY_PATH: Final = "asset.dossier.json"


def delivery_path(number: int) -> str:
    """Path of the history of the n-th named delivery, counted from 1."""
    return f"named/{number}/delivery.dossier.json"


def check_path(number: int) -> str:
    """Path of the verdict on the recipient of the n-th named delivery, counted from 1."""
    return f"named/{number}/check.json"


def name_path(number: int) -> str:
    """Path of the state of the n-th party that is called by name, counted from 1."""
    return f"names/{number}.state.json"


def list_paths(finding: Finding) -> set[str]:
    """The files that the case of a finding holds, no more and no less; without the manifest."""
    paths = {FINDING_FILE, *REPORT_FILES.values()}
    paths |= {VOUCHER_PATH} if finding.voucher is not None else set()
    paths |= {OPENING_PATH} if finding.is_opened else set()
    paths |= {HISTORY_PATH} if finding.attribution.is_whole else set()
    for number in range(1, len(finding.named) + 1):
        paths |= {delivery_path(number), check_path(number)}
    return paths | {name_path(number) for number in range(1, len(finding.names) + 1)}

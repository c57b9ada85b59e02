"""Where the files of a case lie.

| path | what it is |
|---|---|
| `finding.json` | the finding |
| `report.en.html`, `report.zh-cn.html` | what it says, for people |
| `asset.voucher.json` | the voucher of the asset, with its states |
| `opening.json` | what was committed to at registration: digest and fingerprint record |
| `asset.dossier.json` | the history of the asset: every grant, delivery and receipt of it |
| `asset.history.1.json` | 1,000 events before those, where there are more, the oldest first |
| `named/1/delivery.dossier.json` | a named delivery: its entry, its countersignature |
| `named/1/check.json` | whether its recipient might hand the data on, with every grant used |
| `names/1.state.json` | a party that the report calls by name |
| `signature.json` | the signature of whoever traced the file over `finding.json` |
| `signer.state.json` | his state, which says that the key was his |

Which of them there are follows from the finding, so that a file left out or added is noticed.

Spec: our formats, section 7, "case".
"""

from typing import Final

from node.tracing.finding import FINDING_FILE, REPORT_FILES, SIGNATURE_FILE, Finding

VOUCHER_PATH: Final = "asset.voucher.json"
OPENING_PATH: Final = "opening.json"
HISTORY_PATH: Final = "asset.dossier.json"
SIGNATURE_PATH: Final = SIGNATURE_FILE
SIGNER_PATH: Final = "signer.state.json"


def earlier_path(number: int) -> str:
    """Path of the n-th file of the asset's earlier history, counted from 1."""
    return f"asset.history.{number}.json"


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
    paths |= {earlier_path(number) for number in range(1, finding.attribution.earlier + 1)}
    paths |= {SIGNATURE_PATH, SIGNER_PATH} if finding.signer is not None else set()
    for number in range(1, len(finding.named) + 1):
        paths |= {delivery_path(number), check_path(number)}
    return paths | {name_path(number) for number in range(1, len(finding.names) + 1)}

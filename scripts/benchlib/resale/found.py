"""What a run of the bench has measured so far."""

from dataclasses import dataclass, field

from scripts.benchlib.measure import Row
from scripts.benchlib.resale.baselines import Compared
from scripts.benchlib.resale.innocents import Calibration
from scripts.benchlib.resale.needed import Needed
from scripts.benchlib.resale.trials import Outcome


@dataclass
class Found:
    """All that was measured.

    Args:
        rows: Figures.
        attacks: Runs with recipients that are scored.
        innocents: Runs with whole suspects that are nobody's.
        compared: What the watermark and the hash of the file made of the same attacks.
        calibration: Of many innocent suspects.
        needed: Rows that are needed to be named.
    """

    rows: list[Row] = field(default_factory=list)
    attacks: list[Outcome] = field(default_factory=list)
    innocents: list[Outcome] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    calibration: Calibration | None = None
    needed: list[Needed] = field(default_factory=list)

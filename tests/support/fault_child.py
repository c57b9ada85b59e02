"""A process that submits events and is fooled by whoever runs it: `python -m ... HOME JOURNAL`.

Exit codes: 0 all in, 5 a write failed and the same sequencer refused everything after that, 7 it
failed and went on all the same.
"""

import sys
from pathlib import Path

from ledger.errors import StoreFailedError
from ledger.sequencer import Accepted, Submission
from tests.support.faults import Journal
from tests.support.ledgers import Home, put, toy_key

BATCHES = [[put(n, toy_key(n % 4)), put(n + 1, toy_key(n))] for n in range(100, 112, 2)]
ALL_IN, STOPPED, WENT_ON = 0, 5, 7


def main(home, journal):
    with journal.watch_signatures(), home.open() as (_, sequencer):
        try:
            for batch in BATCHES:
                outcomes = sequencer.submit([Submission(signed) for signed in batch])
                for signed, outcome in zip(batch, outcomes, strict=True):
                    assert isinstance(outcome, Accepted)
                    journal.say(event=signed.id, index=outcome.index)
        except StoreFailedError:
            for use in (
                lambda: sequencer.submit([Submission(put(999))]),
                lambda: sequencer.submit([Submission(BATCHES[0][0])]),
                sequencer.sign_checkpoint,
            ):
                try:
                    use()
                except StoreFailedError:
                    continue
                return WENT_ON
            return STOPPED
    return ALL_IN


if __name__ == "__main__":
    try:
        sys.exit(main(Home(Path(sys.argv[1])), Journal(Path(sys.argv[2]))))
    except StoreFailedError as exc:  # on opening
        sys.exit(f"{exc}" and STOPPED)

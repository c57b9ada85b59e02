"""The log's key in tests: the next ones, and the event that names one."""

from tests.support.log_builder import ORIGIN
from tests.support.note_signers import NoteSigner


def next_log(number=2):
    """The log's key after so many; 1 is another than the first of all tests."""
    return NoteSigner(ORIGIN, label=f"the log's key number {number}")


def key_body(signer=None, **changes):
    """Body of `ledger.key`."""
    return {"log": (signer or next_log()).vkey} | changes


def rotate(world, signer=None, *keys):
    """Write `ledger.key`; gives the index of the entry."""
    usual = {key.did: key for key in (world.operator.key, world.regulator.key)}.values()
    return world.do("ledger.key", key_body(signer), world.operator, *(keys or usual))

"""Parties: who they are, the roles they have, and what they may not do while suspended."""

import pytest

from contracts.identity import Key as KeyState
from contracts.identity import NameClaim
from contracts.intervals import current
from ledger.core.note import parse_vkey
from ledger.core.subjects import derive_party
from ledger.errors import MalformedError
from tests.support.log_builder import LOG
from tests.support.people import CODES, Key, Person, claim
from tests.support.world import World


@pytest.fixture
def solo():
    return World()


@pytest.fixture
def world():
    return World("national-2026")


class LogKey(Key):
    """The log's own key, in the hands of one who would use it for something else."""

    def __init__(self):
        self._secret = LOG._secret
        self.public = parse_vkey(LOG.vkey).public_key
        super_did = Key("any")
        self.did = super_did.did

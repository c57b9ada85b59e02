"""Every sentence about a node has its Chinese."""

import pytest

from cli.chinese import translate
from tests.cli.test_errors import has_han

SENTENCES = {
    "gone": "https://x.org does not answer (ConnectError): see whether the node runs there, and try again",
    "unknown": "whether 0a was written is not known (x): the signed event is in /h/0a.draft.json, and "
    "'muniment submit FILE' sends that very event again, which is never written twice",
    "moved": "https://x.org answers with status 301: give the address of the node itself",
    "unread": "what the node answers for asset/x does not read: not JSON",
    "fewer": "the node answers about 1 events, not about 2: nothing is known of them",
    "unsigned": "the node has not signed what it says of 0a",
    "contradiction": "the node says accepted of 0a and has signed refused",
    "another": "the node answers with leaf 2, not 3",
    "receipt": "the node's receipt is not of the event 0a",
    "waiting": "what was written is in the log, and no checkpoint with it is cosigned yet as the "
    "policy asks: read it later",
    "there": "/h/trust.policy is there already: name another folder with --home",
    "locked": "another process is using this home; try again",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_has_its_own_chinese(name):
    chinese = translate("unavailable", SENTENCES[name])
    assert has_han(chinese)
    assert chinese != translate("unavailable", "a sentence nobody translated")

"""Every sentence about a node, a mirror or an auditor has its Chinese."""

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
    "unsigned refusal": "the node has not signed that it refuses 0a: ask again",
    "no log": "the node does not show the log of 7 leaves: there is no tile/0/000.p/7",
    "taken": "cannot listen on 127.0.0.1:80 (Permission denied): choose another with --port or --uds",
    "configuration": "/h/node.toml is no configuration of a node: no such member",
    "another answer": "the answer is about 0a, not about 0b",
    "another signer": "the answer is signed by did:key:a, not by the node key did:key:b",
    "many watched": "one file watches at most 1024 subjects",
    "large hook": "a hook is sent at most 10 bytes, not 11",
    "edge": "the tiles at the right edge fold to 0a, not to the root of the checkpoint of 7 leaves: "
    "ask again, or another mirror",
    "tile": "tile 0/3 is not the one that the tile above it names",
    "gzip": "the answer's gzip is cut off",
    "packing": "the answer is compressed as 'br', not gzip",
    "origin": "this is of the log example.org/a, not of example.org/b",
    "documents": "more than 9 documents are not served: mirror the node itself, not a copy without "
    "documents",
    "mirror state": "/m/mirror.json is damaged (not JSON): remove it, and the mirror is made again",
    "executed": "what was executed is not what the log has signed: remove it, and execute the log "
    "from its beginning",
    "signer": "checkpoint 9 is shown without the signature of k, which has to sign it too: ask "
    "again, or elsewhere",
    "document": "the document 0a is served with another content",
    "finding": "/a/x is damaged (not JSON): something was found with this log; put the file back "
    "from a copy, or clear it and execute the log again",
    "address": "nobody said where the log a is to be had: write its address behind its key in "
    "logs.policy",
    "executing": "the log is being executed: ask again",
    "so far": "executed 3 of 9 leaves so far: ask again for a cosignature",
    "no mirror": "nothing is mirrored here yet: ask again",
    "leaves": "the leaves from 256 on are not those whose hashes the log has",
    "no tile": "tile/0/000 is missing in /m: export the log again",
    "folder": "cannot make /m: Permission denied",
    "bucket": "the bucket leads to 0a, not to the root of the seal",
    "bucket size": "the bucket holds 3 subjects, and the seal 4",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_sentence_has_its_own_chinese(name):
    assert has_han(translate("no such code", SENTENCES[name]))


def test_a_sentence_that_nobody_translated_stays_as_it_is_behind_its_kind():
    assert translate("no such code", "a sentence") == "a sentence"
    assert translate("unavailable", "a sentence").endswith("：a sentence")

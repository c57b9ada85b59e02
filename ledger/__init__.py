"""An append-only, verifiable log whose blocks commit the whole state; no word of data rights."""

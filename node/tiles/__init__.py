"""The log as static files (c2sp.org/tlog-tiles): where they come from, over HTTP, in a folder."""

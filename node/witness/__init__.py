"""A witness: c2sp.org/tlog-witness."""

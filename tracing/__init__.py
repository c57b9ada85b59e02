"""Files and what they contain: fingerprints, and later marks and scores."""

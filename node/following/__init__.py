"""Those who follow a log entry by entry: the auditor and the mirror."""

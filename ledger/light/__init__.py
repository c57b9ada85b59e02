"""A verifier that follows a log with nothing but a policy."""

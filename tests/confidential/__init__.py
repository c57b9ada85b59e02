"""A year of applications, and a search for anything of them that should not be anywhere."""

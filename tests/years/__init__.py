"""Five years of one registrar's desk, with every clock held against a slow one."""

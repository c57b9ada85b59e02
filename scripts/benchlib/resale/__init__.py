"""ResaleBench: real tables are marked, leaked, attacked, and traced."""

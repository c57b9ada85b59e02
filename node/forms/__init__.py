"""Application forms: annexes 1 to 5 as tables, read, held against them, and made into filings."""

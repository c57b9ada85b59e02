"""The vectors of our own formats: what is asked, what the product says, what a reference says.

`forms`, `events`, `trees` and `bundles` ask; `product` answers, and what it answers is what
`scripts/vectors` writes to tests/vectors. `reference` answers once more without the product.
"""

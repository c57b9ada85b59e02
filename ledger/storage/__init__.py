"""Where blocks are kept: the promises of a store and the stores that keep them."""

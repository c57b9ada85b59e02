"""The registry behind a node's URL."""

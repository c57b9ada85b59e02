"""What an event means: the rules of data property rights, pure and replayable."""

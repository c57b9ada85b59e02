"""Formats, trees and proofs: pure code, no clock, no I/O (our formats, sections 1 to 7)."""

"""Runs the rules of a mapping over instances and keeps the ledger."""

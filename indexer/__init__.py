"""Turns articles into something searchable: reading, checking, analysing, indexing, evaluating."""

"""What the support organisation talks about: articles, entitlements, contracts, searches.

Knows no framework, no engine.
"""

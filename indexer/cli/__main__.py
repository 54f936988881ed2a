"""`python -m indexer.cli`: the command line, where the script `kb` is not at hand."""

from indexer.cli import main

main()

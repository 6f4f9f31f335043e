"""`python -m cbrkit_xai` is the command line."""

from cbrkit_xai.cli import main

main()

"""`python -m xephang`, which is what torchrun starts."""

from xephang.cli import main

main()

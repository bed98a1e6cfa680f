"""`python -m supervisor.cli` is `supervise`."""

from supervisor.cli.main import main

main()

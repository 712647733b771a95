"""Runs the energy console: `python main.py --help`."""

import sys

from energy_console.app import main

if __name__ == "__main__":
    sys.exit(main())

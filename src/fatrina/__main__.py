"""Run the command line with `python -m fatrina`."""

from fatrina.cli import main

if __name__ == "__main__":
    main()

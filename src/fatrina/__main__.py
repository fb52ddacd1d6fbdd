"""`python -m fatrina` is the command line."""

from fatrina.cli import main

if __name__ == "__main__":
    main()

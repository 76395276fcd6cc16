"""``python -m seldon_runtime``: the same as ``seldon-run``."""

from seldon_runtime.cli.main import main

if __name__ == "__main__":
    main()

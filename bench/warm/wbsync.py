"""This project's application, imported from the repository root."""

import importlib

if __name__ == "__main__":
    from bench.warm.loop import main

    main(importlib.import_module("app").app)

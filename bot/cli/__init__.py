"""The command line `mytalkcon`: one file a command group."""


def main() -> None:
    """Run the command line."""

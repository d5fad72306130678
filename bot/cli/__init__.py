"""The command line `mytalkcon`: one file a command group, put together in `main`."""

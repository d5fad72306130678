"""Drawing styles: a registry, shared blocks, one file a style."""

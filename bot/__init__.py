"""Everything that talks to people: command line, dialogue, front ends."""

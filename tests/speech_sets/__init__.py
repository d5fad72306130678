"""Speech whose phones are known: made, not recorded, so that anybody can make it again."""

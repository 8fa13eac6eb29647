"""How each part is started, one file a program."""

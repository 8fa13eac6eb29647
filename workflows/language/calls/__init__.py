"""Kinds of `call`, one file each; `tasks.call` lists them."""

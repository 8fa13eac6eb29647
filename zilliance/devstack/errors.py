"""The one error of the stack: a sentence for the person at the terminal, with the mend."""


class StackError(Exception):
    """The stack cannot start or go on; the message says what is wrong, where, and what to do."""

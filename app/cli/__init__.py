"""The command line: one file a command, loaded only when it is called, so that ``chainroom --help`` is quick.

A group names its commands and their one-line help in a table; the module of a command has the name of the command (with
a trailing underscore where Python keeps the word for itself) and holds it as ``command``.
"""

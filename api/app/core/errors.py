"""A setting that the process can't work with."""


class SettingsError(Exception):
    """One line: the variable, what is wrong with it, what to do. No secrets."""

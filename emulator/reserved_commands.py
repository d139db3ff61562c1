"""Slack's own slash commands, which no app can register."""

_NAMES = """
active apps archive away call collapse dm dnd expand feed feedback invite invite_people join keys kick
leave me msg mute open prefs remind remove rename search shortcuts shrug star status topic who
"""
RESERVED = frozenset(f"/{name}" for name in _NAMES.split())
"""The built-in commands in Slack's help center."""

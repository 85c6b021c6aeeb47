"""Why somebody got a message or a task, or did not: what happened, in order, with its reasons."""

from bot.story.entry import UnknownSop, why_in
from bot.story.lines import Line, Story, by_name, people
from bot.story.telling import tell

__all__ = ["Line", "Story", "UnknownSop", "by_name", "people", "tell", "why_in"]

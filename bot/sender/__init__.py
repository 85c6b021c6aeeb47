"""Make the calls in the outbox, at WeCom's pace, each kind with its own rule for repeats."""

from bot.sender.lane import Sender

__all__ = ["Sender"]

"""Bring our copy of contacts, groups, tags and staff in line with WeCom."""

from bot.sync.contacts import parted, read_contact
from bot.sync.everything import sync_everything
from bot.sync.groups import NO_SUCH_CHAT, apply_delta, place_groups, read_group
from bot.sync.staff import read_member, read_staff
from bot.sync.tags import create_missing_tags, read_tags

__all__ = [
    "NO_SUCH_CHAT",
    "apply_delta",
    "create_missing_tags",
    "parted",
    "place_groups",
    "read_contact",
    "read_group",
    "read_member",
    "read_staff",
    "read_tags",
    "sync_everything",
]

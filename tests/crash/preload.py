"""What every worker needs, imported once before they are forked; nothing that takes its leases."""

import aiohttp  # noqa: F401
import apscheduler.schedulers.asyncio  # noqa: F401
import pymongo  # noqa: F401
import ruamel.yaml  # noqa: F401

import config.loader  # noqa: F401

"""When an admin or a member of staff clicks; for now a status page and what monitors ask."""

from console.status import routes

__all__ = ["routes"]

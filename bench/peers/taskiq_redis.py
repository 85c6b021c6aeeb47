"""The peer of the engine bench: taskiq on Redis Streams, jobs that only store a result."""


def jobs_per_second() -> float | None:
    return None

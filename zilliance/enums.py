"""Words shared by tables, contracts and answers, each list once. Pure: workflow code imports it."""

from enum import StrEnum


class Role(StrEnum):
    """A database role that a request may act as."""

    ANON = "anon"
    AUTHENTICATED = "authenticated"
    SERVICE = "service_role"


class ExecutionStatus(StrEnum):
    """Where an execution of a workflow definition stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExecutionPhase(StrEnum):
    """What an open execution is doing."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    SUSPENDED = "suspended"


class TaskStatus(StrEnum):
    """Where one task of an execution stands."""

    RUNNING = "running"
    WAITING = "waiting"
    COMPLETED = "completed"
    SKIPPED = "skipped"
    FAULTED = "faulted"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"
    COMPENSATION_FAILED = "compensation_failed"


class TutorialLevel(StrEnum):
    """Whom a tutorial is written for."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"

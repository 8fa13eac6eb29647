"""The whole platform on one machine, from wheels: its back ends, API and worker under one supervisor."""

from zilliance.devstack.configuration import FREE_PORTS
from zilliance.devstack.errors import StackError
from zilliance.devstack.part import PartName
from zilliance.devstack.stack import ALL_PARTS, Stack

__all__ = ["ALL_PARTS", "FREE_PORTS", "PartName", "Stack", "StackError"]

"""What went wrong with a connection as a fault, said the same way for every protocol."""

from temporalio.exceptions import ApplicationError

from activities.faults import fault
from workflows.language.problems import Kind
from zilliance.errors import AppError
from zilliance.outbound import OutboundFailedError, OutboundFailure, OutboundRefusedError


def explained(error: AppError, kind: Kind = Kind.COMMUNICATION) -> ApplicationError:
    """The fault that an outbound error means."""
    if isinstance(error, OutboundRefusedError):
        return fault(kind, error.message, status=400, title="Refused")
    if isinstance(error, OutboundFailedError) and error.kind is OutboundFailure.TIMEOUT:
        return fault(Kind.TIMEOUT, error.message)
    return fault(kind, error.message)

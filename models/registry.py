"""The thirteen tables of schema `public` by name, with the shapes that document them."""

from dataclasses import dataclass

from sqlmodel import SQLModel

from models.api_endpoints import ApiEndpoint, ApiEndpointCreate, ApiEndpointPublic, ApiEndpointUpdate
from models.api_keys import ApiKey, ApiKeyCreate, ApiKeyPublic, ApiKeyUpdate
from models.api_requests import ApiRequest, ApiRequestPublic
from models.app_projects import AppProject, AppProjectCreate, AppProjectPublic, AppProjectUpdate
from models.contacts import Contact, ContactCreate, ContactPublic, ContactUpdate
from models.crm_activities import CrmActivity, CrmActivityCreate, CrmActivityPublic, CrmActivityUpdate
from models.deals import Deal, DealCreate, DealPublic, DealUpdate
from models.profiles import Profile, ProfileCreate, ProfilePublic, ProfileUpdate
from models.tutorials import Tutorial, TutorialCreate, TutorialPublic, TutorialUpdate
from models.user_roles import UserRole, UserRoleCreate, UserRolePublic, UserRoleUpdate
from models.videos import Video, VideoCreate, VideoPublic, VideoUpdate
from models.workflow_executions import WorkflowExecution, WorkflowExecutionPublic
from models.workflows import Workflow, WorkflowCreate, WorkflowPublic, WorkflowUpdate


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of one table as the role `authenticated` meets them: a test holds them to the column grants.

    Attributes:
        public: the columns that may be read: what `select=*` means.
        create: the columns that an insert may name, or None where clients insert nothing.
        update: the columns that an update may name, or None where clients update nothing.
        is_deletable: whether clients who insert also delete.
    """

    public: type[SQLModel]
    create: type[SQLModel] | None = None
    update: type[SQLModel] | None = None
    is_deletable: bool = True


TABLES: dict[str, type[SQLModel]] = {
    "profiles": Profile,
    "user_roles": UserRole,
    "tutorials": Tutorial,
    "videos": Video,
    "workflows": Workflow,
    "workflow_executions": WorkflowExecution,
    "contacts": Contact,
    "deals": Deal,
    "activities": CrmActivity,
    "api_endpoints": ApiEndpoint,
    "api_keys": ApiKey,
    "api_requests": ApiRequest,
    "app_projects": AppProject,
}

SHAPES: dict[str, Shapes] = {
    "profiles": Shapes(ProfilePublic, ProfileCreate, ProfileUpdate, is_deletable=False),
    "user_roles": Shapes(UserRolePublic, UserRoleCreate, UserRoleUpdate),
    "tutorials": Shapes(TutorialPublic, TutorialCreate, TutorialUpdate),
    "videos": Shapes(VideoPublic, VideoCreate, VideoUpdate),
    "workflows": Shapes(WorkflowPublic, WorkflowCreate, WorkflowUpdate),
    "workflow_executions": Shapes(WorkflowExecutionPublic),
    "contacts": Shapes(ContactPublic, ContactCreate, ContactUpdate),
    "deals": Shapes(DealPublic, DealCreate, DealUpdate),
    "activities": Shapes(CrmActivityPublic, CrmActivityCreate, CrmActivityUpdate),
    "api_endpoints": Shapes(ApiEndpointPublic, ApiEndpointCreate, ApiEndpointUpdate),
    "api_keys": Shapes(ApiKeyPublic, ApiKeyCreate, ApiKeyUpdate),
    "api_requests": Shapes(ApiRequestPublic),
    "app_projects": Shapes(AppProjectPublic, AppProjectCreate, AppProjectUpdate),
}

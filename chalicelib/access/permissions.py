"""The nine roles and what each may do: the one table that code, tests and docs share."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing a person may do."""

    READ_COMPANY = "read_company"  # plan and settings of the company
    READ_PROJECTS = "read_projects"  # projects, WBS, cost codes and KPIs in hours
    CREATE_PROJECTS = "create_projects"
    EDIT_PROJECTS = "edit_projects"
    EDIT_WBS = "edit_wbs"
    EDIT_BUDGETS = "edit_budgets"
    MEASURE = "measure"  # enter progress measurements
    READ_ALL_LABOUR = "read_all_labour"
    LOG_OWN = "log_own"
    LOG_CREW = "log_crew"
    APPROVE = "approve"  # approve and reject, resolve clashes, settle punches
    READ_OPERATIVES = "read_operatives"
    MANAGE_OPERATIVES = "manage_operatives"
    MANAGE_TEAM = "manage_team"
    CLOSE_PERIODS = "close_periods"
    VIEW_RATES = "view_rates"
    VIEW_COMMERCIAL = "view_commercial"
    READ_USERS = "read_users"
    WRITE_USERS = "write_users"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_COMPANY = "manage_company"
    MANAGE_OWNERS = "manage_owners"
    BILLING = "billing"
    DELETE_COMPANY = "delete_company"


class Role(StrEnum):
    """A built-in role."""

    OWNER = "owner"
    ADMIN = "admin"
    PROJECT_MANAGER = "project_manager"
    PROJECT_PLANNER = "project_planner"
    ENGINEER = "engineer"
    COMMERCIAL = "commercial"
    SUPERVISOR = "supervisor"
    FOREMAN = "foreman"
    OPERATIVE = "operative"


P = Permission
_ALL = frozenset(Permission)
_CREW = frozenset(
    {
        P.READ_COMPANY,
        P.READ_PROJECTS,
        P.READ_ALL_LABOUR,
        P.LOG_OWN,
        P.LOG_CREW,
        P.APPROVE,
        P.MEASURE,
        P.READ_OPERATIVES,
        P.MANAGE_OPERATIVES,
    }
)

ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: _ALL,
    Role.ADMIN: _ALL - {P.BILLING, P.DELETE_COMPANY, P.MANAGE_OWNERS},
    Role.PROJECT_MANAGER: _CREW
    | {
        P.CREATE_PROJECTS,
        P.EDIT_PROJECTS,
        P.EDIT_WBS,
        P.EDIT_BUDGETS,
        P.MANAGE_TEAM,
        P.CLOSE_PERIODS,
        P.VIEW_RATES,
        P.VIEW_COMMERCIAL,
        P.READ_USERS,
    },
    Role.PROJECT_PLANNER: frozenset(
        {
            P.READ_COMPANY,
            P.READ_PROJECTS,
            P.READ_ALL_LABOUR,
            P.EDIT_WBS,
            P.EDIT_BUDGETS,
            P.MEASURE,
            P.VIEW_RATES,
            P.READ_OPERATIVES,
        }
    ),
    Role.ENGINEER: frozenset({P.READ_COMPANY, P.READ_PROJECTS, P.LOG_OWN, P.EDIT_WBS, P.MEASURE, P.READ_OPERATIVES}),
    Role.COMMERCIAL: frozenset(
        {
            P.READ_COMPANY,
            P.READ_PROJECTS,
            P.READ_ALL_LABOUR,
            P.EDIT_BUDGETS,
            P.VIEW_RATES,
            P.VIEW_COMMERCIAL,
            P.READ_OPERATIVES,
        }
    ),
    Role.SUPERVISOR: _CREW,
    Role.FOREMAN: _CREW,
    Role.OPERATIVE: frozenset({P.LOG_OWN}),
}

API_PLANS = frozenset({"pro", "business", "enterprise"})
PLANS = ("field", "team", "pro", "business", "enterprise")

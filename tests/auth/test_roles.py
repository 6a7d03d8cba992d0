"""Roles from groups: by the settings, without what somebody has left, and nothing for the disabled."""

import datetime as dt

import pytest

from gateway.auth.bearer import AccessToken
from gateway.auth.permissions import Right, Role
from gateway.auth.recognise import Login, viewer_of_login, viewer_of_token
from gateway.auth.roles import RoleRules, parse_roles
from gateway.auth.standing import Standing
from gateway.errors import RefusedError, SettingError, UnauthenticatedError
from gateway.settings import Settings

RULES = RoleRules(
    parse_roles(Settings().roles, "GATEWAY_ROLES"),
    parse_roles("service=sampo; production-manager=sampo", "GATEWAY_SERVICE_ROLES"),
)
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def token(
    *groups: str, is_wlcg: bool = True, states_groups: bool = True, subject: str = "s-1"
) -> AccessToken:
    return AccessToken(
        subject=subject,
        client_id="sampo",
        username="prodman",
        name="Production Manager",
        groups=groups if states_groups else None,
        jti="j",
        issued_at=0.0,
        expires_at=1.0,
        is_wlcg=is_wlcg,
        raw="",
    )


def standing(*groups: str, left: tuple[str, ...] = (), may_log_in: bool = True) -> Standing:
    return Standing("prodman", "Production Manager", may_log_in, groups, frozenset(left))


@pytest.mark.parametrize(
    ("groups", "roles"),
    [
        (("spd",), {Role.VIEWER}),
        (("spd", "spd/analysis"), {Role.VIEWER, Role.ANALYST}),
        (("spd", "spd/operations"), {Role.VIEWER, Role.OPERATOR}),
        (("spd", "spd/production"), {Role.VIEWER, Role.PRODUCTION_MANAGER}),
        (("spd", "spd/admins"), {Role.VIEWER, Role.ADMINISTRATOR}),
    ],
)
def test_groups_give_their_roles(groups: tuple[str, ...], roles: set[Role]) -> None:
    assert viewer_of_token(token(*groups), None, RULES).roles == roles


@pytest.mark.parametrize(
    "group", ["spd/production/test", "spd/productions", "xspd", "SPD/PRODUCTION", "production"]
)
def test_a_group_of_a_similar_name_gives_nothing(group: str) -> None:
    with pytest.raises(RefusedError, match="Production Manager is in no group of IAM that gives a role"):
        viewer_of_token(token(group), None, RULES)


def test_a_viewer_is_who_the_token_says() -> None:
    viewer = viewer_of_token(token("spd", "spd/production"), None, RULES)

    assert (viewer.name, viewer.username, viewer.subject, viewer.jti) == (
        "Production Manager",
        "prodman",
        "s-1",
        "j",
    )
    assert viewer.credential == "person:s-1"
    assert Right.SUBMIT in viewer.rights


def test_a_group_that_was_left_does_not_count_whatever_the_token_says() -> None:
    known = standing("spd", left=("spd/production",))

    assert viewer_of_token(token("spd", "spd/production"), known, RULES).roles == {Role.VIEWER}


def test_a_group_that_is_new_to_our_copy_counts() -> None:
    assert Role.ANALYST in viewer_of_token(token("spd", "spd/analysis"), standing("spd"), RULES).roles


def test_a_token_that_names_fewer_groups_gives_fewer_roles() -> None:
    known = standing("spd", "spd/production")

    assert viewer_of_token(token("spd"), known, RULES).roles == {Role.VIEWER}


def test_iams_own_profile_names_no_groups_and_our_copy_does() -> None:
    known = standing("spd", "spd/production")
    silent = token(is_wlcg=False, states_groups=False)

    assert viewer_of_token(silent, known, RULES).groups == ("spd", "spd/production")
    with pytest.raises(RefusedError):
        viewer_of_token(silent, None, RULES)


def test_a_wlcg_token_without_groups_says_how_to_get_them() -> None:
    with pytest.raises(RefusedError, match=r"scope 'wlcg\.groups'"):
        viewer_of_token(token(states_groups=False), standing("spd", "spd/production"), RULES)


def test_whoever_is_disabled_in_iam_is_nobody_here() -> None:
    with pytest.raises(UnauthenticatedError, match="your account is disabled in IAM"):
        viewer_of_token(token("spd"), standing("spd", may_log_in=False), RULES)
    with pytest.raises(UnauthenticatedError, match="your account is disabled in IAM"):
        viewer_of_login(Login("s-1", "prodman", "P", ("spd",), AT), standing(may_log_in=False), RULES)


def test_a_browsers_session_follows_the_groups_of_our_copy() -> None:
    login = Login("s-1", "prodman", "Production Manager", ("spd", "spd/analysis"), AT)
    known = standing("spd", "spd/production", left=("spd/analysis",))

    assert viewer_of_login(login, known, RULES).roles == {Role.VIEWER, Role.PRODUCTION_MANAGER}


def test_a_program_has_the_roles_that_the_settings_give_its_client() -> None:
    program = token(is_wlcg=True, states_groups=False, subject="sampo")

    viewer = viewer_of_token(program, None, RULES)

    assert (viewer.name, viewer.roles) == ("sampo", {Role.SERVICE, Role.PRODUCTION_MANAGER})
    assert Right.OWN_TOKENS in viewer.rights


def test_a_program_that_the_settings_do_not_name_has_no_role() -> None:
    with pytest.raises(RefusedError, match="the client 'sampo' has no role here"):
        viewer_of_token(token("spd/admins", subject="sampo"), None, RoleRules(RULES.by_group))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("boss=spd", "'boss' is no role; the roles are viewer, analyst"),
        ("viewer", "write viewer=name,name"),
        ("viewer=,", "write viewer=name,name"),
    ],
)
def test_rules_that_cannot_be_read_stop_the_program(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=f"GATEWAY_ROLES: {message}"):
        parse_roles(text, "GATEWAY_ROLES")


def test_a_group_may_give_several_roles_and_a_role_come_from_several() -> None:
    assert parse_roles("viewer=/a, b ;; analyst=b;", "X") == {
        "a": {Role.VIEWER},
        "b": {Role.VIEWER, Role.ANALYST},
    }

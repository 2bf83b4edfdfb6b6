"""What the helper beside mongod decides: base/mongodb/replica-set.js, run by Node.js.

The members are played (`mongosh.js`). What passes here shows the script's decisions; that mongod
takes its commands shows in a cluster only.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "base" / "mongodb" / "replica-set.js"
PLAYER = Path(__file__).with_name("mongosh.js")
PROD = ROOT / "rendered" / "prod"

DOMAIN = "mongodb.shop.svc.cluster.local"
HOSTS = [f"mongodb-{ordinal}.{DOMAIN}:27017" for ordinal in range(3)]
ADMINISTRATOR = "CN=administrator,OU=database-administrators,O=users-service"


class ReplicaSet:
    """Members, which begin without a configuration, and what the helpers are told."""

    def __init__(self, environment: dict[str, str], subject: str | None = None) -> None:
        self.environment = environment
        self.members = 3
        self.state: dict[str, Any] = {
            "hasAccessControl": bool(environment),
            # The certificate that the helper shows.
            "subject": subject,
            "silent": [],
            "joined": [],
            "primary": None,
            "config": None,
            "users": {},
            "commands": [],
        }

    def help(self, ordinal: int) -> tuple[int, str]:
        """Run the helper of one member once; return its status and its last line."""
        node = shutil.which("node")
        assert node, "the helper is a script for mongosh, which is Node.js: install node"
        environment = {
            "POD_NAME": f"mongodb-{ordinal}",
            "MEMBERS": str(self.members),
            "SERVICE_DOMAIN": DOMAIN,
            "REPLICA_SET": "rs0",
            "LOCAL_URI": "mongodb://127.0.0.1:27017/admin?directConnection=true",
            **self.environment,
        }
        request = {
            "script": str(SCRIPT),
            "environment": environment,
            "set": {**self.state, "self": HOSTS[ordinal]},
        }
        done = subprocess.run(
            [node, str(PLAYER)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        self.state = answer["set"]
        return answer["status"], answer["printed"][-1]

    def start(self) -> None:
        """Run the helpers, the last member's first, until all have nothing left to do."""
        for _ in range(4):
            statuses = [self.help(ordinal)[0] for ordinal in reversed(range(self.members))]
            if not any(statuses):
                return
        pytest.fail(f"the members do not become a set: {self.state}")

    def commands(self, name: str) -> list[str]:
        """Return the members that were told to do it."""
        calls = (command.split() for command in self.state["commands"])
        return [member for member, command in calls if command == name]


@pytest.fixture
def open_set() -> ReplicaSet:
    return ReplicaSet({})


@pytest.fixture
def password_set(tmp_path: Path) -> ReplicaSet:
    (tmp_path / "admin").write_text("of the administrator\n")
    (tmp_path / "api").write_text("of the API\n")
    return ReplicaSet(
        {
            "ADMIN_PASSWORD_FILE": str(tmp_path / "admin"),
            "API_USER": "sample-api",
            "API_PASSWORD_FILE": str(tmp_path / "api"),
            "API_DATABASE": "users",
        }
    )


@pytest.fixture
def users(tmp_path: Path) -> Path:
    """Put the users of prod into a directory, as their ConfigMap is mounted."""
    for name, text in prod_users().items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def x509_set(users: Path) -> ReplicaSet:
    return ReplicaSet({"USERS_DIRECTORY": str(users)}, ADMINISTRATOR)


@pytest.fixture(params=["open_set", "password_set", "x509_set"])
def any_set(request: pytest.FixtureRequest) -> ReplicaSet:
    chosen: ReplicaSet = request.getfixturevalue(request.param)
    return chosen


def objects(app: str, kind: str) -> list[dict[str, Any]]:
    paths = sorted((PROD / app).glob(f"{kind}-*.yaml"))
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]


def prod_users() -> dict[str, str]:
    named = {one["metadata"]["name"]: one for one in objects("mongodb", "configmap")}
    (users,) = (one["data"] for name, one in named.items() if name.startswith("mongodb-users-"))
    return dict(users)


def test_three_members_become_one_set(any_set: ReplicaSet) -> None:
    any_set.start()
    assert [member["host"] for member in any_set.state["config"]["members"]] == HOSTS
    assert any_set.commands("replSetInitiate") == ["mongodb-0"]


def test_a_set_that_is_there_is_left_alone(any_set: ReplicaSet) -> None:
    any_set.start()
    before = any_set.state["config"]
    any_set.start()
    assert any_set.state["config"] == before
    assert len(any_set.commands("replSetInitiate")) == 1


def test_a_member_that_does_not_answer_is_waited_for(any_set: ReplicaSet) -> None:
    any_set.state["silent"] = [HOSTS[2]]
    assert any_set.help(0) == (1, f"waiting: no answer from {HOSTS[2]}")
    assert any_set.state["config"] is None


def test_a_first_member_without_its_data_starts_no_second_set(any_set: ReplicaSet) -> None:
    any_set.start()
    any_set.state |= {"joined": HOSTS[1:], "primary": HOSTS[1]}
    status, line = any_set.help(0)
    assert status == 1
    assert line.startswith("waiting: this member is in the configuration")
    assert len(any_set.commands("replSetInitiate")) == 1


def test_a_set_without_a_primary_is_waited_for(any_set: ReplicaSet) -> None:
    any_set.start()
    any_set.state |= {"joined": HOSTS[1:], "primary": None}
    assert any_set.help(0) == (1, "waiting: the replica set has no primary")


def test_new_members_are_added(any_set: ReplicaSet) -> None:
    any_set.members = 1
    any_set.start()
    any_set.members = 3
    any_set.start()
    assert {member["host"] for member in any_set.state["config"]["members"]} == set(HOSTS)
    assert [member["_id"] for member in any_set.state["config"]["members"]] == [0, 1, 2]


@pytest.fixture
def joining_set(x509_set: ReplicaSet) -> ReplicaSet:
    """Make a set of another cluster, which the members of this one are to join."""
    x509_set.start()
    there = [host.replace("cluster.local", "other.local") for host in HOSTS]
    config = x509_set.state["config"]
    config["members"] = [{"_id": number, "host": host} for number, host in enumerate(there)]
    x509_set.state |= {"joined": there, "primary": there[1], "commands": []}
    x509_set.environment["JOIN"] = " ".join(there)
    return x509_set


def test_members_join_the_set_of_another_cluster_without_a_vote(joining_set: ReplicaSet) -> None:
    joining_set.start()
    assert joining_set.commands("replSetInitiate") == []
    members = joining_set.state["config"]["members"]
    assert {member["host"] for member in members[3:]} == set(HOSTS)
    assert [(member["priority"], member["votes"]) for member in members[3:]] == [(0, 0)] * 3


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ({"silent": [HOSTS[0].replace("cluster.local", "other.local")]}, "waiting: no answer from"),
        ({"silent": []}, "belong to no replica set"),
    ],
)
def test_members_that_are_to_join_a_set_start_none(
    joining_set: ReplicaSet, there: dict[str, Any], line: str
) -> None:
    joining_set.state |= {"joined": [], "primary": None, "config": None, **there}
    status, said = joining_set.help(0)
    assert status == 1
    assert line in said
    assert joining_set.commands("replSetInitiate") == []


def test_passwords_make_an_administrator_and_the_user_of_the_api(password_set: ReplicaSet) -> None:
    password_set.start()
    made = password_set.state["users"]["admin"]
    assert made["admin"]["roles"] == ["root"]
    assert made["admin"]["pwd"] == "of the administrator"
    assert made["sample-api"]["roles"] == [{"role": "readWrite", "db": "users"}]
    assert password_set.commands("rotateCertificates") == []


def test_every_file_is_a_user(x509_set: ReplicaSet) -> None:
    x509_set.start()
    assert {name: user["roles"] for name, user in x509_set.state["users"]["$external"].items()} == {
        ADMINISTRATOR: [{"role": "root", "db": "admin"}],
        "CN=backup,OU=database-clients,O=users-service": [{"role": "backup", "db": "admin"}],
        "CN=sample-api,OU=database-clients,O=users-service": [{"role": "readWrite", "db": "users"}],
    }


def test_roles_that_were_changed_are_applied(x509_set: ReplicaSet, users: Path) -> None:
    x509_set.start()
    name = "CN=sample-api,OU=database-clients,O=users-service"
    roles = [{"role": "read", "db": "users"}]
    (users / "sample-api.json").write_text(json.dumps({"user": name, "roles": roles}))
    x509_set.start()
    assert x509_set.state["users"]["$external"][name]["roles"] == roles


def test_every_member_reads_its_certificates_before_users_are_written(x509_set: ReplicaSet) -> None:
    x509_set.start()
    x509_set.state["commands"] = []
    x509_set.start()
    assert x509_set.commands("rotateCertificates") == ["mongodb-2", "mongodb-1", "mongodb-0"]
    commands = x509_set.state["commands"]
    assert commands.index("mongodb-0 rotateCertificates") < commands.index("mongodb-0 updateUser")


def test_a_stranger_is_not_the_administrator(x509_set: ReplicaSet) -> None:
    x509_set.start()
    x509_set.state["subject"] = "CN=sample-api,OU=somewhere,O=users-service"
    assert x509_set.help(0) == (1, "the administrator cannot log in")


def test_users_of_prod_are_the_subjects_of_its_certificates() -> None:
    certificates = [*objects("mongodb", "certificate"), *objects("sample-api", "certificate")]
    subjects = {
        subject(one["spec"])
        for one in certificates
        if one["spec"]["issuerRef"]["name"] == "private-ca"
        and "server auth" not in one["spec"]["usages"]
        and one["spec"]["secretName"].startswith("mongodb-")
    }
    assert {json.loads(text)["user"] for text in prod_users().values()} == subjects


def subject(spec: dict[str, Any]) -> str:
    """Write the subject of a Certificate as RFC 2253 does, the narrowest part first."""
    (unit,) = spec["subject"]["organizationalUnits"]
    (organization,) = spec["subject"]["organizations"]
    return f"CN={spec['commonName']},OU={unit},O={organization}"

"""The routes of users, on a real database."""

import asyncio
from typing import Any

import httpx
import pytest

UNKNOWN_ID = "0" * 24
PROBLEM = "application/problem+json"


async def create(client: httpx.AsyncClient, name: str, email: str) -> dict[str, Any]:
    response = await client.post("/users/", json={"name": name, "email": email})
    assert response.status_code == 201, response.text
    user: dict[str, Any] = response.json()
    return user


def assert_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    return problem


class TestCreate:
    async def test_answers_with_the_user_and_where_it_is(self, client: httpx.AsyncClient) -> None:
        response = await client.post(
            "/users/", json={"name": "  Ada Lovelace ", "email": "Ada@Example.COM"}
        )
        assert response.status_code == 201
        user = response.json()
        assert user["name"] == "Ada Lovelace"
        assert user["email"] == "Ada@example.com"
        assert user["created_at"] == user["updated_at"]
        assert set(user) == {"id", "name", "email", "created_at", "updated_at"}
        assert response.headers["location"] == f"/users/{user['id']}"
        read = await client.get(response.headers["location"])
        assert read.json() == user

    async def test_refuses_an_address_that_is_taken_whatever_its_case(
        self, client: httpx.AsyncClient
    ) -> None:
        await create(client, "Ada", "ada@example.com")
        response = await client.post("/users/", json={"name": "A", "email": "ADA@EXAMPLE.com"})
        problem = assert_problem(response, 409)
        assert "ada" not in problem["detail"].lower()

    @pytest.mark.parametrize(
        ("first", "second", "status"),
        [
            ("ΑΣ@example.com", "ασ@example.com", 409),  # noqa: RUF001
            ("ΑΣ@example.com", "ας@example.com", 409),
            ("ας@example.com", "ασ@example.com", 409),  # noqa: RUF001
            ("STRASSE@example.com", "straße@example.com", 409),
            ("STRAẞE@example.com", "straße@example.com", 409),
            ("İ@example.com", "i\u0307@example.com", 409),
            ("É@example.com", "e\u0301@example.com", 409),
            # Not the same in any case.
            ("İ@example.com", "i@example.com", 201),
            ("ı@example.com", "i@example.com", 201),  # noqa: RUF001
            # Two names in the DNS.
            ("ada@straße.example.com", "ada@strasse.example.com", 201),
        ],
    )
    async def test_case_is_that_of_every_script(
        self, client: httpx.AsyncClient, first: str, second: str, status: int
    ) -> None:
        user = await create(client, "Ada", first)
        response = await client.post("/users/", json={"name": "A", "email": second})
        assert response.status_code == status
        if status == 409:
            page = (await client.get("/users/", params={"email": second})).json()
            assert [item["id"] for item in page["items"]] == [user["id"]]

    async def test_one_of_many_at_once_gets_the_address(self, client: httpx.AsyncClient) -> None:
        body = {"name": "Ada", "email": "ada@example.com"}
        responses = await asyncio.gather(*(client.post("/users/", json=body) for _ in range(8)))
        statuses = sorted(response.status_code for response in responses)
        assert statuses == [201] + [409] * 7

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"email": "ada@example.com"}, "#/name"),
            ({"name": "Ada"}, "#/email"),
            ({"name": "", "email": "ada@example.com"}, "#/name"),
            ({"name": " ", "email": "ada@example.com"}, "#/name"),
            ({"name": "a\x00b", "email": "ada@example.com"}, "#/name"),
            ({"name": "x" * 101, "email": "ada@example.com"}, "#/name"),
            ({"name": None, "email": "ada@example.com"}, "#/name"),
            ({"name": 1, "email": "ada@example.com"}, "#/name"),
            ({"name": "Ada", "email": "ada"}, "#/email"),
            ({"name": "Ada", "email": "Ada <ada@example.com>"}, "#/email"),
            ({"name": "Ada", "email": "ada@example.com\n"}, "#/email"),
            ({"name": "Ada", "email": "a\x00da@example.com"}, "#/email"),
            ({"name": "Ada", "email": "a" * 300 + "@example.com"}, "#/email"),
            ({"name": "Ada", "email": "ada@example.com", "a/b~c": 1}, "#/a~1b~0c"),
            ([], "#"),
            (1, "#"),
        ],
    )
    async def test_names_the_value_that_is_wrong(
        self, client: httpx.AsyncClient, body: object, pointer: str
    ) -> None:
        problem = assert_problem(await client.post("/users/", json=body), 422)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
        assert problem["errors"][0]["location"] == "body"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b'{"name": "Ada", "email"',
            b"\xff\xfe",
            b'{"name": "\xff", "email": "ada@example.com"}',
            b"[" * 60_000,
            b"1" * 60_000,
            b'{"name": ' + b"9" * 10_000 + b', "email": "ada@example.com"}',
            b'{"name": NaN, "email": Infinity}',
            rb'{"name": "\ud800", "email": "ada@example.com"}',
            rb'{"name": "Ada", "email": "\udfff@example.com"}',
            rb'{"name": "Ada", "email": "ada@example.com", "\ud800": 1}',
            rb'{"name": "Ada", "email": "ada@\u0000.com"}',
        ],
    )
    async def test_refuses_what_is_no_json_or_no_text(
        self, client: httpx.AsyncClient, content: bytes
    ) -> None:
        response = await client.post(
            "/users/", content=content, headers={"Content-Type": "application/json"}
        )
        assert_problem(response, 422)

    @pytest.mark.parametrize(
        "name",
        [
            "李",
            "Ünïcödé",
            "👩‍👩‍👧",
            "O'Brien; DROP",
            "$where",
            "{'$gt': ''}",
            "\U0010ffff",
            "\u202eadA",
            "ﷺ" * 100,
        ],
    )
    async def test_takes_any_text_as_a_name(self, client: httpx.AsyncClient, name: str) -> None:
        user = await create(client, name, "ada@example.com")
        assert user["name"] == name
        found = await client.get("/users/", params={"name": name[:1]})
        assert [item["id"] for item in found.json()["items"]] == [user["id"]]

    async def test_takes_an_international_address(self, client: httpx.AsyncClient) -> None:
        user = await create(client, "Ada", "пример@пример.рф")
        found = await client.get("/users/", params={"email": "ПРИМЕР@пример.рф"})
        assert [item["id"] for item in found.json()["items"]] == [user["id"]]

    @pytest.mark.parametrize("content_type", ["text/plain", "application/x-json", "json", ""])
    async def test_refuses_a_body_that_is_not_declared_as_json(
        self, client: httpx.AsyncClient, content_type: str
    ) -> None:
        response = await client.post(
            "/users/", content=b'{"name": "A"}', headers={"Content-Type": content_type}
        )
        assert_problem(response, 415)
        assert response.headers["accept"] == "application/json"

    async def test_refuses_a_body_without_a_type(self, client: httpx.AsyncClient) -> None:
        assert_problem(await client.post("/users/", content=b"{}"), 415)

    async def test_asks_for_a_body_where_there_is_none(self, client: httpx.AsyncClient) -> None:
        problem = assert_problem(await client.post("/users/"), 422)
        assert problem["errors"] == [
            {"detail": "Field required", "location": "body", "pointer": "#"}
        ]

    @pytest.mark.parametrize(
        "content_type",
        ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"],
    )
    async def test_takes_other_ways_to_say_json(
        self, client: httpx.AsyncClient, content_type: str
    ) -> None:
        response = await client.post(
            "/users/",
            content=b'{"name": "Ada", "email": "ada@example.com"}',
            headers={"Content-Type": content_type},
        )
        assert response.status_code == 201


class TestRead:
    async def test_says_that_there_is_no_such_user(self, client: httpx.AsyncClient) -> None:
        assert_problem(await client.get(f"/users/{UNKNOWN_ID}"), 404)

    @pytest.mark.parametrize(
        "user_id",
        ["1", "A" * 24, "0" * 25, "0" * 24 + "%0A", "%00", "%ff", "%ED%A0%80", "9" * 5000, "$ne"],
    )
    async def test_refuses_an_id_that_is_none(
        self, client: httpx.AsyncClient, user_id: str
    ) -> None:
        for method in ("GET", "DELETE"):
            problem = assert_problem(await client.request(method, f"/users/{user_id}"), 422)
            assert problem["errors"][0]["location"] == "path"
            assert problem["errors"][0]["parameter"] == "user_id"


class TestList:
    async def test_pages_hold_everyone_once(self, client: httpx.AsyncClient) -> None:
        created = [
            await create(client, f"User {number}", f"user-{number}@example.com")
            for number in range(7)
        ]
        sizes = []
        listed = []
        parameters: dict[str, str | int] = {"limit": 3}
        while True:
            page = (await client.get("/users/", params=parameters)).json()
            sizes.append(len(page["items"]))
            listed += page["items"]
            if page["next"] is None:
                break
            parameters["cursor"] = page["next"]
        assert sizes == [3, 3, 1]
        assert listed == created

    async def test_a_full_last_page_has_no_next(self, client: httpx.AsyncClient) -> None:
        for number in range(2):
            await create(client, "User", f"user-{number}@example.com")
        page = (await client.get("/users/", params={"limit": 2})).json()
        assert len(page["items"]) == 2
        assert page["next"] is None

    async def test_a_page_stays_in_place_when_its_last_user_is_deleted(
        self, client: httpx.AsyncClient
    ) -> None:
        users = [await create(client, "User", f"user-{number}@example.com") for number in range(4)]
        page = (await client.get("/users/", params={"limit": 2})).json()
        await client.delete(f"/users/{users[1]['id']}")
        rest = (await client.get("/users/", params={"cursor": page["next"]})).json()
        assert rest == {"items": users[2:], "next": None}

    async def test_finds_by_address_and_by_the_beginning_of_a_name(
        self, client: httpx.AsyncClient
    ) -> None:
        ada = await create(client, "Ada Lovelace", "ada@example.com")
        alan = await create(client, "alan Turing", "alan@example.com")
        await create(client, "Barbara Liskov", "barbara@example.com")

        async def found(**parameters: str) -> list[Any]:
            response = await client.get("/users/", params=parameters)
            assert response.status_code == 200, response.text
            items: list[Any] = response.json()["items"]
            return items

        assert await found(email="ADA@example.com") == [ada]
        assert await found(email="nobody@example.com") == []
        assert await found(name="A") == [ada, alan]
        assert await found(name="ada l") == [ada]
        assert await found(name="da") == []
        assert await found(name=".*") == []
        assert await found(name="A", email="alan@example.com") == [alan]

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=101", "limit"),
            ("limit=" + "9" * 5000, "limit"),
            ("limit=1.5", "limit"),
            ("limit=", "limit"),
            ("cursor=", "cursor"),
            ("cursor=!", "cursor"),
            ("cursor=" + "A" * 17, "cursor"),
            ("cursor=null", "cursor"),
            ("name=", "name"),
            ("name=%00", "name"),
            ("name=" + "a" * 101, "name"),
            ("email=ada", "email"),
            ("email=%ff%00", "email"),
            ("emial=ada@example.com", "emial"),
            ("$where=1", "$where"),
        ],
    )
    async def test_names_the_parameter_that_is_wrong(
        self, client: httpx.AsyncClient, query: str, parameter: str
    ) -> None:
        problem = assert_problem(await client.get(f"/users/?{query}"), 422)
        assert [error["parameter"] for error in problem["errors"]] == [parameter]
        assert problem["errors"][0]["location"] == "query"

    @pytest.mark.parametrize("name", ["%ff%fe", "%ED%A0%80", "%F4%8F%BF%BF", "%5C", "%2E*", "("])
    async def test_takes_any_text_as_the_beginning_of_a_name(
        self, client: httpx.AsyncClient, name: str
    ) -> None:
        response = await client.get(f"/users/?name={name}")
        assert response.json() == {"items": [], "next": None}


class TestUpdate:
    async def test_changes_what_is_given_and_keeps_the_rest(
        self, client: httpx.AsyncClient
    ) -> None:
        user = await create(client, "Ada", "ada@example.com")
        response = await client.patch(f"/users/{user['id']}", json={"name": "Ada King"})
        assert response.status_code == 200
        changed = response.json()
        assert changed == {
            **user,
            "name": "Ada King",
            "updated_at": changed["updated_at"],
        }
        assert changed["updated_at"] >= user["updated_at"]
        assert (await client.get(f"/users/{user['id']}")).json() == changed

    async def test_frees_the_old_address(self, client: httpx.AsyncClient) -> None:
        user = await create(client, "Ada", "ada@example.com")
        changed = await client.patch(f"/users/{user['id']}", json={"email": "king@example.com"})
        assert changed.json()["email"] == "king@example.com"
        await create(client, "Another", "ada@example.com")

    async def test_a_user_may_keep_the_own_address(self, client: httpx.AsyncClient) -> None:
        user = await create(client, "Ada", "ada@example.com")
        response = await client.patch(f"/users/{user['id']}", json={"email": "ADA@example.com"})
        assert response.json()["email"] == "ADA@example.com"

    async def test_refuses_an_address_that_is_taken(self, client: httpx.AsyncClient) -> None:
        await create(client, "Ada", "ada@example.com")
        other = await create(client, "Other", "other@example.com")
        response = await client.patch(f"/users/{other['id']}", json={"email": "ADA@example.com"})
        assert_problem(response, 409)

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({}, "#"),
            ({"name": None}, "#/name"),
            ({"email": None}, "#/email"),
            ({"email": "ada"}, "#/email"),
            ({"id": UNKNOWN_ID}, "#/id"),
        ],
    )
    async def test_names_the_value_that_is_wrong(
        self, client: httpx.AsyncClient, body: object, pointer: str
    ) -> None:
        problem = assert_problem(await client.patch(f"/users/{UNKNOWN_ID}", json=body), 422)
        assert [error["pointer"] for error in problem["errors"]] == [pointer]

    async def test_says_that_there_is_no_such_user(self, client: httpx.AsyncClient) -> None:
        response = await client.patch(f"/users/{UNKNOWN_ID}", json={"name": "Ada"})
        assert_problem(response, 404)

    async def test_refuses_a_body_that_is_not_declared_as_json(
        self, client: httpx.AsyncClient
    ) -> None:
        response = await client.patch(f"/users/{UNKNOWN_ID}", content=b'{"name": "Ada"}')
        assert_problem(response, 415)


class TestDelete:
    async def test_deletes_once(self, client: httpx.AsyncClient) -> None:
        user = await create(client, "Ada", "ada@example.com")
        path = f"/users/{user['id']}"
        deleted = await client.delete(path)
        assert deleted.status_code == 204
        assert deleted.content == b""
        assert "content-type" not in deleted.headers
        assert_problem(await client.get(path), 404)
        assert_problem(await client.delete(path), 404)
        await create(client, "Ada", "ada@example.com")


class TestPaths:
    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PUT", "/users/", "GET, POST"),
            ("POST", f"/users/{UNKNOWN_ID}", "DELETE, GET, PATCH"),
            ("DELETE", "/healthz", "GET"),
            ("BREW", "/readyz", "GET"),
        ],
    )
    async def test_a_method_that_does_not_exist_is_answered_with_those_that_do(
        self, client: httpx.AsyncClient, method: str, path: str, allowed: str
    ) -> None:
        response = await client.request(method, path)
        assert_problem(response, 405)
        assert response.headers["allow"] == allowed

    async def test_a_path_that_does_not_exist(self, client: httpx.AsyncClient) -> None:
        assert_problem(await client.get("/nothing/here"), 404)

    @pytest.mark.parametrize("path", ["/users", "/healthz/", f"/users/{UNKNOWN_ID}/"])
    async def test_a_slash_more_or_less_is_another_path_and_no_redirect(
        self, client: httpx.AsyncClient, path: str
    ) -> None:
        # A redirect would name this host.
        response = await client.get(path, headers={"Host": "elsewhere.test"})
        assert_problem(response, 404)
        assert "location" not in response.headers

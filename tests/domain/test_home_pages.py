"""Addresses of pages elsewhere: what a browser may be led to, with a place for each name."""

import pytest

from gateway.domain.home_pages import HomePages
from gateway.errors import InputError


def test_addresses_with_their_places_are_taken() -> None:
    pages = HomePages(
        task="https://monitor.test/task/{id}/",
        dataset="https://rucio.test/did?scope={scope}&name={name}",
        site="http://127.0.0.1:8000/{name}",
    )

    assert (pages.task, pages.storage) == ("https://monitor.test/task/{id}/", None)


@pytest.mark.parametrize(
    ("thing", "address", "words"),
    [
        ("task", "javascript:alert({id})", "begins with https"),
        ("task", "//monitor.test/{id}", "begins with https"),
        ("task", "https://{id}.test/", "begins with https"),
        ("task", "https://monitor.test/", "{id} where its names go"),
        ("task", "https://monitor.test/{id}/{other}", "{id} where its names go"),
        ("dataset", "https://rucio.test/{name}", "{name} and {scope} where"),
        ("task", "https://monitor.test/{id", "is no address"),
        ("task", "https://[monitor/{id}", "is no address"),
    ],
)
def test_others_are_refused_with_what_they_should_be(thing: str, address: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        HomePages(**{thing: address})

    assert words in refused.value.message

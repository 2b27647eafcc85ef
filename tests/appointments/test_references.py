"""The private link of a request leads to it, and nothing that is stored leads to the link."""

from appointments.references import hash_of, new_token


def test_a_token_is_long_random_and_stored_as_a_hash():
    token = new_token()
    assert len(token) == 32
    assert token != new_token()
    assert token not in hash_of(token)

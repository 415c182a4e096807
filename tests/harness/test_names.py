from harness.names import unknown_name


def test_the_nearest_name_is_offered() -> None:
    error = unknown_name("suite", "celeba_wlid", ["celeba_wild", "taichi"], "See the list.")
    assert str(error) == "Unknown suite 'celeba_wlid'. Did you mean 'celeba_wild'? See the list."


def test_all_names_are_listed_when_none_is_near() -> None:
    assert str(unknown_name("suite", "qqq", ["b", "a"])) == "Unknown suite 'qqq'. Known: a, b."


def test_an_empty_list_says_so() -> None:
    assert str(unknown_name("suite", "qqq", [])) == "Unknown suite 'qqq'. There is none."

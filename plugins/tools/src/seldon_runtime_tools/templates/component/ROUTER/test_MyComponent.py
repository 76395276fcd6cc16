from MyComponent import MyComponent


def test_the_branch_that_earned_more_is_taken():
    router = MyComponent(n_branches=3, exploration=0.0)
    router.send_feedback(None, [], 1.0, None, routing=2)
    assert router.route([[0.0]], []) == 2

import numpy as np
from MyComponent import MyComponent


def test_the_answers_are_averaged():
    answers = [np.array([[1.0, 2.0]]), np.array([[3.0, 6.0]])]
    assert MyComponent().aggregate(answers, [["a", "b"]] * 2).tolist() == [[2.0, 4.0]]

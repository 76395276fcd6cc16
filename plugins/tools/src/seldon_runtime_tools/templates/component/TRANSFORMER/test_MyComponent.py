from MyComponent import MyComponent


def test_values_are_scaled_and_bounded():
    transformer = MyComponent(scale=2.0)
    assert transformer.transform_input([[1.0, -8.0]], ["a", "b"]).tolist() == [[0.5, -1.0]]
    assert transformer.transform_output([[7.0]], ["t"]) == [[7.0]]

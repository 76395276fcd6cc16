"""Fit a logistic regression to the iris measurements and write it to iris.joblib next to this file."""

from pathlib import Path

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

MODEL_PATH = Path(__file__).with_name("iris.joblib")


def train() -> None:
    measurements, species = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=1000).fit(measurements, species)
    joblib.dump(model, MODEL_PATH)
    print(f"wrote {MODEL_PATH.name}, accuracy on its own data {model.score(measurements, species):.3f}")


if __name__ == "__main__":
    train()

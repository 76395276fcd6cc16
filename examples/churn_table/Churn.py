import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

CUSTOMERS = pd.DataFrame(
    {"age": [20, 30, 40, 60, 70, 80], "plan": ["basic", "plus", "basic", "plus", "basic", "plus"]}
)
LEFT = [0, 0, 0, 1, 1, 1]


class Churn:
    """A pipeline that needs the names of its columns: numbers are scaled, texts are encoded."""

    def load(self):
        columns = make_column_transformer(
            (StandardScaler(), ["age"]), (OneHotEncoder(handle_unknown="ignore"), ["plan"])
        )
        self.pipeline = make_pipeline(columns, LogisticRegression()).fit(CUSTOMERS, LEFT)

    def predict(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"plan": X["plan"], "leaves": self.pipeline.predict(X)})

    def init_metadata(self):
        return {
            "inputs": [
                {"name": "age", "datatype": "FP64", "shape": [-1]},
                {"name": "plan", "datatype": "BYTES", "shape": [-1]},
            ]
        }

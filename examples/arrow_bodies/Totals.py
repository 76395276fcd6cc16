import pyarrow as pa
import pyarrow.compute as pc


class Totals:
    """Adds a column to a table of Arrow."""

    def predict(self, X: pa.Table) -> pa.Table:
        return X.append_column("total", pc.multiply(X["pieces"], X["price"]))

    def init_metadata(self):
        return {"inputs": [{"messagetype": "ndarray", "schema": {"names": ["pieces", "price"]}}]}

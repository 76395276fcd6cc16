import grpc
import numpy as np
import requests
from messages import METHOD, PredictRequest, PredictResponse
from tensors import to_array, to_tensor

from seldon_runtime import SeldonError

ANSWERS = {grpc.StatusCode.UNAVAILABLE: 503, grpc.StatusCode.DEADLINE_EXCEEDED: 504}
LARGEST = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class TfServingProxy:
    """A model that TensorFlow Serving serves: asked over gRPC if there is such an endpoint, else over REST.

    rest_endpoint, grpc_endpoint: host:port of TensorFlow Serving; a REST one may be a URL.
    model_name, signature_name: which model and which of its signatures.
    model_input, model_output: the names of its tensors; over REST not needed if it has one of each.
    input_dtype: what numbers become over gRPC, where TensorFlow Serving takes only what the model has.
    """

    def __init__(
        self,
        rest_endpoint=None,
        grpc_endpoint=None,
        model_name=None,
        signature_name=None,
        model_input=None,
        model_output=None,
        input_dtype="float32",
        timeout_s=30.0,
    ):
        if not model_name or not (rest_endpoint or grpc_endpoint):
            raise ValueError("model_name and one of rest_endpoint and grpc_endpoint must be given")
        if grpc_endpoint and not (model_input and model_output):
            raise ValueError("over gRPC, model_input and model_output must be given")
        self.model_name = model_name
        self.signature_name = signature_name or "serving_default"
        self.model_input = model_input
        self.model_output = model_output
        self.input_dtype = input_dtype
        self.timeout_s = timeout_s
        self.grpc_endpoint = grpc_endpoint
        endpoint = rest_endpoint or ""
        base = endpoint if "://" in endpoint else f"http://{endpoint}"
        self.url = f"{base.rstrip('/')}/v1/models/{model_name}:predict"

    def load(self):
        """The connections belong to the process that serves."""
        self.session = requests.Session()
        if self.grpc_endpoint:
            self.channel = grpc.insecure_channel(self.grpc_endpoint, LARGEST)
            self.call = self.channel.unary_unary(
                METHOD, PredictRequest.SerializeToString, PredictResponse.FromString
            )

    def predict(self, X, features_names):
        """An array is asked as the model's input; a dict (jsonData) goes as it is to the REST API."""
        if isinstance(X, dict):
            return self._ask_rest({"signature_name": self.signature_name, **X})
        return self._over_grpc(X) if self.grpc_endpoint else self._over_rest(X)

    def _over_grpc(self, X):
        array = np.asarray(X, self.input_dtype) if np.asarray(X).dtype.kind in "fiu" else X
        request = PredictRequest(
            model_spec={"name": self.model_name, "signature_name": self.signature_name},
            output_filter=[self.model_output],
        )
        request.inputs[self.model_input].CopyFrom(to_tensor(array))
        try:
            answer = self.call(request, timeout=self.timeout_s)
        except grpc.RpcError as error:
            status = ANSWERS.get(error.code(), 502)
            raise SeldonError(f"TensorFlow Serving: {error.details()}", status_code=status) from error
        return to_array(answer.outputs[self.model_output])

    def _over_rest(self, X):
        rows = X.tolist()
        question = {"inputs": {self.model_input: rows}} if self.model_input else {"instances": rows}
        answer = self._ask_rest({"signature_name": self.signature_name, **question})
        found = answer["outputs"] if "outputs" in answer else answer["predictions"]
        return found[self.model_output] if isinstance(found, dict) else found

    def _ask_rest(self, question):
        try:
            answer = self.session.post(self.url, json=question, timeout=self.timeout_s)
        except requests.RequestException as error:
            raise SeldonError(f"TensorFlow Serving: {error}", status_code=503) from error
        if not answer.ok:
            raise SeldonError(f"TensorFlow Serving: {answer.status_code}: {answer.text}", status_code=502)
        return answer.json()

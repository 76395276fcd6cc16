"""Stubs and servicers of the services in ``prediction.proto``, which import grpc when they are used."""

from seldon_core.proto.rpcs import generated

GenericStub, GenericServicer, add_GenericServicer_to_server = generated("Generic")
ModelStub, ModelServicer, add_ModelServicer_to_server = generated("Model")
RouterStub, RouterServicer, add_RouterServicer_to_server = generated("Router")
TransformerStub, TransformerServicer, add_TransformerServicer_to_server = generated("Transformer")
OutputTransformerStub, OutputTransformerServicer, add_OutputTransformerServicer_to_server = generated(
    "OutputTransformer"
)
CombinerStub, CombinerServicer, add_CombinerServicer_to_server = generated("Combiner")
SeldonStub, SeldonServicer, add_SeldonServicer_to_server = generated("Seldon")

"""The file of a SeldonDeployment as frozen objects. Needs no runtime; every refusal names file and path."""

"""V2 over HTTP: routes, the codec, and the parsing and writing of bodies."""

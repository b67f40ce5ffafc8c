"""JSON bodies as the services answer them, rendered from the estate's specifications.

One module per resource provider. Field names follow the recorded exchanges and, where a shape
was never recorded, the published API descriptions; `azstaging.emulator.sources` says which.
"""

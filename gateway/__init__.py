"""The SPD gateway: one GraphQL schema over the federated metadata of Monte Carlo production."""

__version__ = "0.1.0"

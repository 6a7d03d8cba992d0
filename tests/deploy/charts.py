"""Renders the chart with Helm itself: `python -m tests.deploy.charts FOLDER_OF_HELM VALUES`, as JSON."""

import importlib
import json
import sys

from tests.support.postgres import ROOT


def main() -> None:
    """Print the manifests."""
    folder, values = sys.argv[1:]
    sys.path.insert(0, folder)
    helm = importlib.import_module("helm_python")
    with helm.Chart.load(str(ROOT / "deploy" / "helm")) as chart:
        json.dump(dict(chart.render(json.loads(values), name="gateway", namespace="spd")), sys.stdout)


if __name__ == "__main__":
    main()

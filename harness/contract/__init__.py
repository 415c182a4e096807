"""What a plugin needs: specs, base classes, hooks and the arrays that pass between them."""

from harness.contract.arrays import Curve, Evaluation, Measurement, Predicted, Samples
from harness.contract.config import MethodConfig, Options
from harness.contract.dataset import Dataset
from harness.contract.editing import Editing, Editor, LatentGenerator, Oracle
from harness.contract.events import RunFailed, RunFinished, RunStarted, ScalarsLogged
from harness.contract.hooks import hook
from harness.contract.latents import APPEARANCE, BACKGROUND, KEYPOINTS
from harness.contract.method import GeneratedImages, Images, Keypoints, Method, Run
from harness.contract.metric import Metric
from harness.contract.specs import (
    CONTRACT,
    DatasetSpec,
    ExecutorSpec,
    MethodSpec,
    MetricSpec,
    SuiteSpec,
    TrackerSpec,
    suites_in,
)
from harness.contract.tracker import Tracker

__all__ = [
    "APPEARANCE",
    "BACKGROUND",
    "CONTRACT",
    "KEYPOINTS",
    "Curve",
    "Dataset",
    "DatasetSpec",
    "Editing",
    "Editor",
    "Evaluation",
    "ExecutorSpec",
    "GeneratedImages",
    "Images",
    "Keypoints",
    "LatentGenerator",
    "Measurement",
    "Method",
    "MethodConfig",
    "MethodSpec",
    "Metric",
    "MetricSpec",
    "Options",
    "Oracle",
    "Predicted",
    "Run",
    "RunFailed",
    "RunFinished",
    "RunStarted",
    "Samples",
    "ScalarsLogged",
    "SuiteSpec",
    "Tracker",
    "TrackerSpec",
    "hook",
    "suites_in",
]

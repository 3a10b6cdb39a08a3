"""What the readers of model files share: opening a file, and the finished graph."""

import os
import re
from dataclasses import replace
from pathlib import Path

from mnprofile.base.errors import UsageError
from mnprofile.base.files import Input
from mnprofile.graph.graph import Graph
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest, fixed
from mnprofile.networks.readers.lowering import Lowering
from mnprofile.networks.readers.program import ModelFileError, Program

FILES = Input("model file", ModelFileError, 1 << 34)

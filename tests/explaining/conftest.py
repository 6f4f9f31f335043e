import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `redness` is a module of these tests alone

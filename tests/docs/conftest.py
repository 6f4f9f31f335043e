import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `pages` and `running` are modules of these tests alone
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))  # the scripts that make pages

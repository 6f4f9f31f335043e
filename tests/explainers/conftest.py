import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `planted` is a module of these tests alone

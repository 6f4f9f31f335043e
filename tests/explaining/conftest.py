import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `by_hand` is a module of these tests alone

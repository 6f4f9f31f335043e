import sys
from pathlib import Path

sys.path.insert(
    0, str(Path(__file__).parent)
)  # `mutants` and the `mutant_...s` are modules of these tests alone

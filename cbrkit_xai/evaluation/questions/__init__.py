"""The questions that an evaluation is asked, and their answers in words."""

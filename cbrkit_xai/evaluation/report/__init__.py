"""The report of an evaluation: plots, tables and one page that opens offline and is hard to misread."""

from cbrkit_xai.evaluation.report.writing import write_report

__all__ = ["write_report"]

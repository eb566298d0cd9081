"""Clocks under acts: `step` changes a state and drives the clocks that hang on it, by the table in domain.clocks."""

from .drive import bring_before, replan_issue, rerate, resume_by_itself, start_measure, start_verify, step, subject_of

__all__ = [
    "bring_before",
    "replan_issue",
    "rerate",
    "resume_by_itself",
    "start_measure",
    "start_verify",
    "step",
    "subject_of",
]

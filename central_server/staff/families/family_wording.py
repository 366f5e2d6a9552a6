"""List the words of cases: states, steps, reasons and refusals of a step, as English msgids."""

from central_server.families.case_rules import CaseProblem, CaseState, Ending, Refusal, StepKind
from central_server.families.help_receipts import ConfirmationProblem
from central_server.staff.frame.msgid import _

STATES = {
    CaseState.proposed: _("waits for two assessments"),
    CaseState.assessed: _("waits for the second assessment"),
    CaseState.open: _("open: help may begin"),
    CaseState.helped: _("helped in part"),
    CaseState.refused: _("refused; an appeal is possible"),
    CaseState.appealed: _("appealed: a third person decides"),
    CaseState.closed: _("closed"),
}
STEPS = {
    StepKind.proposed: _("Proposed"),
    StepKind.supported: _("Assessed: help is needed"),
    StepKind.refused: _("Refused"),
    StepKind.relative: _("Declared a relative"),
    StepKind.helped: _("Helped"),
    StepKind.closed: _("Closed"),
    StepKind.appealed: _("Appealed"),
    StepKind.upheld: _("Appeal upheld: the case is open"),
    StepKind.rejected: _("Appeal rejected: the refusal is final"),
}
ENDINGS = {
    Ending.met: _("the need is met"),
    Ending.moved: _("the household moved away"),
    Ending.withdrawn: _("the household withdrew"),
}
REFUSALS = {
    Refusal.not_confirmed: _("the need was not confirmed"),
    Refusal.helped_elsewhere: _("the need is met elsewhere"),
    Refusal.outside_rules: _("outside the rules of the projects"),
    Refusal.outside_area: _("outside the community"),
}
REASONS = {reason.value: text for words in (ENDINGS, REFUSALS) for reason, text in words.items()}
PROBLEMS = {
    CaseProblem.state: _("The case has changed meanwhile. Look at its steps below."),
    CaseProblem.same_person: _("You have decided about this case before. Another person has to."),
    CaseProblem.dependent: _(
        "One person could use your account and that of the other decider. An administrator confirms that you are two."
    ),
    CaseProblem.relative: _("You, or someone who could use your account, declared a relative. Others decide."),
    CaseProblem.unseen: _("One of the two must have seen the household. Visit it first, or ask someone who has."),
    CaseProblem.reason: _("Choose a reason from the list."),
}
WAYS = {"paper": _("on paper"), "phone": _("by telephone")}
UNCONFIRMED = {
    ConfirmationProblem.code: _("This code is wrong, used or void. After five wrong tries a new code is needed."),
    ConfirmationProblem.own: _(
        "The person who requested the disbursement cannot confirm that it arrived. Someone else must."
    ),
    ConfirmationProblem.photo: _("A photograph of the signed sheet is needed: a PNG or JPEG file of at most 5 MB."),
    ConfirmationProblem.none_chosen: _("Choose the cases that have signed and were not confirmed before."),
}

"""Steps before words are sent: a saved reply is put into the box, and the words are seen as the patient will."""

from django.db import transaction
from django.utils.translation import gettext as _

from appointments import workflow
from appointments.admin import moving
from appointments.admin.move_forms import LetterForm
from appointments.messages import words_to_say
from appointments.models import SavedReply
from appointments.replies import for_request, open_names
from clinic import stale
from clinic.log_filters import leave_out_tokens
from outbox.models import Message


def offer(buttons, *, user):
    """Offer the saved replies in the patient's language on the moves that can be made (no query of their own)."""
    if not user.has_perm("appointments.view_savedreply"):
        return
    for button in buttons:
        if isinstance(button.form, LetterForm):
            button.form.offer(list(button.form.choices.of(button.form.field_name).items()))


def step_of(form, data):
    """Return the step that was pressed in place of sending; None where the words are to be sent."""
    steps = STEPS if isinstance(form, LetterForm) else {}
    return next((step for name, step in steps.items() if name in data), None)


def put(asked, form, *, by, seen):
    """Put the saved reply that was chosen into the box, before what was typed; sends nothing.

    Raises Unfit where none was chosen, and what sending the words would raise about the request.
    """
    rows = SavedReply.objects.visible_to(by.user).filter(language=asked.language, used_for=form.field_name)
    row = rows.filter(pk=stale.read_revision(form.data[form.reply.name])).first()
    if row is None:
        raise workflow.Unfit(_("Choose a saved reply."), field=form.reply.name)
    words, typed = for_request(row.text, asked), form.in_words
    if words not in typed:
        form.data[form.field_name] = f"{words}\n\n{typed}" if typed.strip() else words
    form.names_to_fill_in = open_names(form.in_words)
    form.was_put = True
    form.fields[form.field_name].widget.attrs["autofocus"] = True
    if asked.revision != seen.revision:
        raise workflow.Stale(workflow.CHANGED_MEANWHILE)
    workflow.check_move(asked, form.move, by=by)


def rehearse(asked, form, *, by, seen):
    """Make the move, keep how the patient would read it, and undo it whole: what is shown is what would be sent.

    Raises what the move raises.
    """
    with transaction.atomic():
        moved = moving.press(asked, form, by=by, seen=seen)
        form.rehearsal = _as_the_patient_reads(moved, workflow.MOVES[form.move].message)
        transaction.set_rollback(True)


def _as_the_patient_reads(moved, purpose):
    """Return the words on the private page, and the message that leads there or what to say in its place."""
    question = moved.clinic_questions.last()
    rehearsal = {
        "words": question.text if purpose == "question" else moved.answer,
        "is_question": purpose == "question",
        "language": moved.language,
    }
    if moved.is_practice:
        return rehearsal
    if not moved.can_be_written_to:
        return rehearsal | {"say": words_to_say(moved, purpose)}
    message = Message.objects.about(moved).filter(purpose=purpose).last()
    return rehearsal | {"subject": message.subject, "text": leave_out_tokens(message.text)}


STEPS = {"put": put, "rehearse": rehearse}

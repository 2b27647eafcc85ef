"""What a sign-off is bound to: the clinical fields of a version, as `sections.py` tells them from the others."""

import json
from hashlib import sha256

from procedures.sections import sections_of

# What a version forgets when its signature is void.
NO_SIGNATURE = {
    **dict.fromkeys(("signed_off_at", "signed_off_by", "reviewed_by", "reviewed_on", "next_review_due")),
    "signed_hash": "",
}


def clinical_hash(version):
    """Return the SHA-256 of all that is clinical in a version, as the database has it now."""
    content = {section.key: section.clinical(section.read(version)) for section in sections_of(version)}
    content = {key: values for key, values in content.items() if values}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()

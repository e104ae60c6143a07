"""What can go wrong with evidence, by what the caller can do about it.

EvidenceError
├── NotCanonicalError      the bytes are not in the one form that is accepted
├── MalformedError         canonical, but not a report, envelope, note … of ours
├── NotAuthenticError      checked, and false: a signature, digest, proof or chain is wrong
├── UnknownSignerError     intact, but nobody we trust signed it
└── KeyFileError           a key cannot be read, or lies open to others
"""


class EvidenceError(Exception):
    """The root of what `evidence` raises."""


class NotCanonicalError(EvidenceError):
    """The bytes are not the canonical form of what they say."""


class MalformedError(EvidenceError):
    """The value does not have the shape it must have."""


class NotAuthenticError(EvidenceError):
    """A signature, digest, proof or link was checked and is wrong."""


class UnknownSignerError(EvidenceError):
    """The signature may be right, but its key is not among the trusted ones."""


class KeyFileError(EvidenceError):
    """A key file is missing, unreadable, or open to others; the message names the fix."""

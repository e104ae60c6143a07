"""Signed notes and checkpoints, with the vectors that their specifications publish."""

import pytest

from evidence import checkpoint, note
from evidence.checkpoint import Checkpoint
from evidence.errors import MalformedError, NotAuthenticError, UnknownSignerError
from evidence.keys import PublicKey
from tests.evidence.world import World

# c2sp.org/signed-note, "Example".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# golang.org/x/mod/sumdb/note, the package's own example.
NEUMANN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# c2sp.org/signed-note and c2sp.org/tlog-checkpoint; their keys are not published.
QUATRAIN = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed è subito sera.\n"
    "\n"
    "— quasimodo.example/salvatore "
    "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)
SOFA = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
ROOT = bytes(range(32))


def key_of(verifier_key: str) -> tuple[str, PublicKey]:
    name, _, encoded = verifier_key.split("+", 2)
    return name, PublicKey(note.decode_base64(encoded)[1:])


@pytest.mark.parametrize(("key", "text"), [(EXAMPLE_KEY, EXAMPLE), (NEUMANN_KEY, NEUMANN)])
def test_published_notes_verify(key: str, text: str) -> None:
    """Name, key hash, signature and the written form of the key are those of the specification."""
    name, public = key_of(key)

    note.verify(note.open_note(text), name, public)

    assert note.verifier_key(name, public) == key


def test_the_text_ends_at_the_last_blank_line() -> None:
    """A note may hold blank lines itself."""
    opened = note.open_note(QUATRAIN)

    assert opened.text.endswith("\n\ned è subito sera.\n")
    assert [line.name for line in opened.signatures] == ["quasimodo.example/salvatore"]


def test_the_published_checkpoint_is_read() -> None:
    """Origin, size and root of the specification's example."""
    read = checkpoint.read(SOFA)

    assert (read.origin, read.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert note.encode_base64(read.root) == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_a_note_is_verified_by_its_key_only(world: World) -> None:
    """Another name or key is unknown; the right one with another text is wrong."""
    signed = note.sign("text\n", "a.example", world.server)
    opened = note.open_note(signed)

    note.verify(opened, "a.example", world.server.public)

    for name, key in (("b.example", world.server), ("a.example", world.host)):
        with pytest.raises(UnknownSignerError):
            note.verify(opened, name, key.public)
    with pytest.raises(NotAuthenticError):
        note.verify(
            note.open_note(signed.replace("text", "test")), "a.example", world.server.public
        )


def test_lines_of_others_are_passed_over_but_ours_must_be_right(world: World) -> None:
    """A witness may add a line; a second, wrong line of a known key spoils the note."""
    signed = note.sign("text\n", "a.example", world.server)
    witness = note.sign("text\n", "w.example", world.stranger).splitlines(keepends=True)[-1]
    wrong = note.sign("test\n", "a.example", world.server).splitlines(keepends=True)[-1]

    note.verify(note.open_note(signed + witness), "a.example", world.server.public)

    with pytest.raises(NotAuthenticError):
        note.verify(note.open_note(signed + wrong), "a.example", world.server.public)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text\n",
        "text\n\n",
        EXAMPLE[:-1],
        EXAMPLE + "\n",
        EXAMPLE + "more\n",
        EXAMPLE.replace("— ", "- "),
        EXAMPLE.replace("com/foo", "com/f+o"),
        EXAMPLE.replace("com/foo", "com/f\u00a0o"),
        EXAMPLE.replace("example.com/foo ", " "),
        EXAMPLE.replace("yaQM=", "yaQN="),
        EXAMPLE.replace("yaQM=", "yaQM"),
        EXAMPLE.replace("example message", "example\tmessage"),
        EXAMPLE.replace("example message", "example\rmessage"),
        EXAMPLE.replace("example message", "example\ud800message"),
        EXAMPLE + EXAMPLE.splitlines(keepends=True)[-1] * 40,
        "x" * 300_000 + EXAMPLE,
        "text\n\n— example.com/foo Uw2QOg==\n",
    ],
)
def test_refuses_what_is_no_note(text: str) -> None:
    """Control characters, bad names, loose base64, missing or too many lines, too long."""
    with pytest.raises(MalformedError):
        note.open_note(text)


def test_a_checkpoint_is_signed_and_verified(world: World) -> None:
    """The log's key name is its origin; extension lines are carried."""
    head = Checkpoint("log.example/a", 7, ROOT, ("extension",))
    signed = checkpoint.sign(head, world.server)

    assert checkpoint.verify(signed, world.server.public, "log.example/a") == head
    with pytest.raises(UnknownSignerError):
        checkpoint.verify(signed, world.server.public, "log.example/b")
    with pytest.raises(UnknownSignerError):
        checkpoint.verify(signed, world.host.public, "log.example/a")
    with pytest.raises(NotAuthenticError):
        checkpoint.verify(signed.replace("\n7\n", "\n8\n"), world.server.public, "log.example/a")


@pytest.mark.parametrize(
    "head",
    [
        Checkpoint("", 1, ROOT),
        Checkpoint("a b", 1, ROOT),
        Checkpoint("a+b", 1, ROOT),
        Checkpoint("a\nb", 1, ROOT),
        Checkpoint("a", -1, ROOT),
        Checkpoint("a", 2**63, ROOT),
        Checkpoint("a", 1, ROOT[:-1]),
        Checkpoint("a", 1, ROOT, ("",)),
        Checkpoint("a", 1, ROOT, ("x\ny",)),
    ],
)
def test_refuses_to_sign_what_could_not_be_read(world: World, head: Checkpoint) -> None:
    """An origin, size, root or extension that would be read as something else."""
    with pytest.raises(MalformedError):
        checkpoint.sign(head, world.server)


@pytest.mark.parametrize(
    "size", ["", "01", "+1", "-1", "1_0", " 1", "１", "²", "9" * 19, "9" * 5000]
)
def test_refuses_sizes_of_another_spelling(size: str) -> None:
    """Decimal digits without leading zeros, below 2^63."""
    with pytest.raises(MalformedError):
        checkpoint.read(SOFA.replace("20852163", size))

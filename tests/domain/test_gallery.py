"""The gallery's rules, against a plainer account of the same rules."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from fatrina.domain import errors
from fatrina.domain.gallery import MAX_IMAGES, Change, Gallery, GalleryEntry
from fatrina.domain.types import ImageId

SORTS = st.floats(allow_nan=False, allow_infinity=False, width=64) | st.integers(0, 3).map(float)
FILM = "https://youtu.be/dQw4w9WgXcQ"
CHANGES = st.builds(
    Change,
    default=st.none() | st.booleans(),
    sort=st.none() | SORTS,
    alt=st.none() | st.sampled_from(["", "a lamp", "مصباح"]),
)


def gallery(*sorts: float, default: int = 1) -> Gallery:
    """A gallery of images 1, 2, …, attached in this order."""
    return Gallery.of(
        GalleryEntry(ImageId(number), number, sort, number == default)
        for number, sort in enumerate(sorts, 1)
    )


def order(images: Gallery) -> list[int]:
    return [entry.id for entry in images.entries]


def photos(images: Gallery) -> int:
    return len([entry for entry in images.entries if entry.video is None])


def main(images: Gallery) -> int | None:
    return images.default.id if images.default else None


class Life(RuleBasedStateMachine):
    """Apply any sequence of changes to a gallery, and check each step."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.gallery = Gallery()
        self.count = 0

    def adopt(self, after: Gallery) -> None:
        """Save it row by row, as the database does: there are never two defaults."""
        rows = {entry.id: entry for entry in self.gallery.entries}
        kept = {entry.id for entry in after.entries}
        rows = {identifier: entry for identifier, entry in rows.items() if identifier in kept}
        for entry in after.changed_since(self.gallery):
            assert rows.get(entry.id) != entry
            assert rows.get(entry.id, entry).age == entry.age
            rows[entry.id] = entry
            assert sum(row.default for row in rows.values()) <= 1
        assert set(rows.values()) == set(after.entries)
        self.gallery = after

    @rule(target=ids, change=CHANGES)
    def attach(self, change: Change) -> int:
        self.count += 1
        if photos(self.gallery) == MAX_IMAGES:
            with pytest.raises(errors.ValidationFailed):
                self.gallery.attach(ImageId(self.count), change)
            with pytest.raises(errors.ValidationFailed):
                self.gallery.check_capacity()
            return self.count
        self.gallery.check_capacity()
        return self.attached(self.gallery.attach(ImageId(self.count), change), change)

    @rule(target=ids, change=CHANGES)
    def attach_video(self, change: Change) -> int:
        self.count += 1
        after = self.gallery.attach(ImageId(self.count), change, FILM)
        assert after[ImageId(self.count)].video == FILM
        assert photos(after) == photos(self.gallery)
        return self.attached(after, change)

    def attached(self, after: Gallery, change: Change) -> int:
        entry = after[ImageId(self.count)]
        if change.sort is None:
            assert order(after)[-1] == self.count
        else:
            assert entry.sort == change.sort
        assert entry.alt == (change.alt or None)
        if not self.gallery.entries or change.default:
            assert main(after) == self.count
        else:
            assert main(after) == main(self.gallery)
        self.adopt(after)
        return self.count

    @rule(identifier=ids, change=CHANGES)
    def revise(self, identifier: int, change: Change) -> None:
        if identifier not in order(self.gallery):
            with pytest.raises(KeyError):
                self.gallery.revise(ImageId(identifier), change)
            return
        before, after = (
            self.gallery[ImageId(identifier)],
            self.gallery.revise(ImageId(identifier), change),
        )
        entry = after[ImageId(identifier)]
        assert entry.sort == (before.sort if change.sort is None else change.sort)
        assert entry.alt == (before.alt if change.alt is None else change.alt or None)
        assert entry.video == before.video
        if change.default or len(self.gallery.entries) == 1:
            assert main(after) == identifier
        elif change.default is None or not before.default:
            assert main(after) == main(self.gallery)
        else:
            others = [each for each in order(after) if each != identifier]
            assert main(after) == others[0]
        self.adopt(after)

    @rule(identifier=consumes(ids))
    def remove(self, identifier: int) -> None:
        if identifier not in order(self.gallery):
            return
        left = [each for each in order(self.gallery) if each != identifier]
        heir = main(self.gallery)
        if heir == identifier:
            heir = left[0] if left else None
        after = self.gallery.remove(ImageId(identifier))
        assert order(after) == left
        assert main(after) == heir
        self.adopt(after)

    @rule(data=st.data())
    def reorder(self, data: st.DataObject) -> None:
        ids = data.draw(st.permutations(order(self.gallery)))
        after = self.gallery.reorder([ImageId(each) for each in ids])
        assert order(after) == ids
        assert [entry.sort for entry in after.entries] == [*range(1, len(ids) + 1)]
        assert main(after) == main(self.gallery)
        self.adopt(after)
        for wrong in ([*ids, ids[0] if ids else 1], ids[1:] or [0], [*ids[1:], 0]):
            with pytest.raises(errors.ValidationFailed) as caught:
                self.gallery.reorder([ImageId(each) for each in wrong])
            (problem,) = caught.value.field_errors
            assert isinstance(problem, errors.InvalidOrder)

    @rule(identifier=ids)
    def remove_and_restore(self, identifier: int) -> None:
        if identifier not in order(self.gallery):
            return
        before, entry = self.gallery, self.gallery[ImageId(identifier)]
        without = before.remove(entry.id)
        after = without.restore(entry)
        assert order(after) == order(before)
        assert replace(after[entry.id], default=entry.default) == entry
        assert main(after) == (main(without) or identifier)
        self.adopt(without)
        # The row of a deleted image keeps everything but the default flag.
        self.gallery = Gallery((*without.entries, replace(entry, default=False)))
        self.adopt(after)

    @invariant()
    def one_default(self) -> None:
        assert sum(entry.default for entry in self.gallery.entries) == bool(self.gallery.entries)
        assert photos(self.gallery) <= MAX_IMAGES

    @invariant()
    def in_order(self) -> None:
        assert all(
            (one.sort, one.age) < (next_.sort, next_.age)
            for one, next_ in pairwise(self.gallery.entries)
        )
        assert Gallery.of(reversed(self.gallery.entries)) == self.gallery


TestLife = Life.TestCase


@given(st.lists(SORTS, min_size=1, max_size=MAX_IMAGES), CHANGES)
def test_a_revision_changes_other_images_only_in_default(
    sorts: list[float], change: Change
) -> None:
    before = gallery(*sorts)
    after = before.revise(ImageId(1), change)
    for entry in before.entries:
        if entry.id != 1:
            assert replace(after[entry.id], default=entry.default) == entry


@given(st.lists(SORTS, min_size=1, max_size=MAX_IMAGES))
def test_an_empty_change_changes_nothing(sorts: list[float]) -> None:
    before = gallery(*sorts)
    assert before.revise(ImageId(1), Change()) == before
    assert before.revise(ImageId(1), Change()).changed_since(before) == ()


def test_a_new_default_replaces_the_previous_one() -> None:
    after = gallery(1, 2, 3).revise(ImageId(3), Change(default=True))
    assert main(after) == 3
    assert [entry.id for entry in after.changed_since(gallery(1, 2, 3))] == [1, 3]


@pytest.mark.parametrize(
    ("images", "revised", "change", "heir"),
    [
        (gallery(1, 2, 3), 1, Change(default=False), 2),
        (gallery(1, 2, 3, default=2), 2, Change(default=False), 1),
        (gallery(1, 2, 3), 1, Change(default=False, sort=9), 2),
        (gallery(5, 5, 5, default=3), 3, Change(default=False), 1),
        (gallery(1, 2, 3), 2, Change(default=False), 1),
        (gallery(7), 1, Change(default=False), 1),
    ],
)
def test_a_default_given_up_goes_to_the_first_of_the_others(
    images: Gallery, revised: int, change: Change, heir: int
) -> None:
    assert main(images.revise(ImageId(revised), change)) == heir


def test_a_default_taken_out_goes_to_the_first_of_the_others() -> None:
    assert main(gallery(3, 2, 1).remove(ImageId(1))) == 3
    assert main(gallery(3, 2, 1).remove(ImageId(2))) == 1
    assert gallery(3).remove(ImageId(1)) == Gallery()


def test_of_two_with_one_sort_the_older_comes_first() -> None:
    assert order(gallery(2, 1, 2, 1)) == [2, 4, 1, 3]


@pytest.mark.parametrize(
    ("last", "sort"),
    [
        (1.0, 2.0),
        (1.5, 2.0),
        (0.0, 1.0),
        (-5.5, -4.0),
        (-0.5, 1.0),
        (2.0**60, 2.0**60),
        (1e308, 1e308),
    ],
)
def test_without_a_sort_an_image_comes_last(last: float, sort: float) -> None:
    after = gallery(last).attach(ImageId(2), Change())
    assert order(after) == [1, 2]
    assert after[ImageId(2)].sort == sort


def test_an_empty_gallery_begins_with_one() -> None:
    (entry,) = Gallery().attach(ImageId(7), Change()).entries
    assert entry == GalleryEntry(ImageId(7), 1, 1.0, default=True, alt=None)


def test_the_eleventh_is_refused_by_the_field_it_came_by() -> None:
    with pytest.raises(errors.ValidationFailed) as refused:
        gallery(*range(MAX_IMAGES)).attach(ImageId(11), Change())
    (problem,) = refused.value.field_errors
    assert isinstance(problem, errors.GalleryFull)


def test_room_is_for_as_many_as_come() -> None:
    Gallery().check_capacity(MAX_IMAGES)
    gallery(1, 2).check_capacity(MAX_IMAGES - 2)
    for images, count in ((Gallery(), MAX_IMAGES + 1), (gallery(1, 2), MAX_IMAGES - 1)):
        with pytest.raises(errors.ValidationFailed):
            images.check_capacity(count)


def test_a_deleted_image_needs_room_again() -> None:
    (entry,) = gallery(11).entries
    full = gallery(*range(MAX_IMAGES))
    with pytest.raises(errors.ValidationFailed):
        full.restore(replace(entry, id=ImageId(11)))
    assert order(full.restore(replace(entry, id=ImageId(11), video=FILM)))[-1] == 11


def test_a_restored_image_has_its_place_among_equal_sorts() -> None:
    images = gallery(1, 1, 1)
    assert order(images.remove(ImageId(2)).restore(images[ImageId(2)])) == [1, 2, 3]
    # An image attached meanwhile can have the same age: then the id decides.
    attached = images.remove(ImageId(3)).attach(ImageId(9), Change(sort=1))
    assert order(attached.restore(images[ImageId(3)])) == [1, 2, 3, 9]


def test_a_video_needs_no_room() -> None:
    full = gallery(*range(MAX_IMAGES))
    after = full.attach(ImageId(11), Change(default=True), FILM)
    assert (main(after), order(after)[-1]) == (11, 11)
    with pytest.raises(errors.ValidationFailed):
        after.attach(ImageId(12), Change())
    assert main(after.remove(ImageId(1)).attach(ImageId(12), Change())) == 11


def test_an_image_of_another_gallery_is_not_here() -> None:
    for ask in (gallery(1).__getitem__, gallery(1).remove):
        with pytest.raises(KeyError):
            ask(ImageId(2))

"""Photos that are one photo are held out together, and the rules that say so are told."""

from __future__ import annotations

import io
import itertools

import attrs
import numpy as np
import pytest
from PIL import Image

from cbrkit_xai import Ballot, Case, CaseBase, use
from cbrkit_xai.evaluation.holding_out.grouping import group_cases
from cbrkit_xai.evaluation.holding_out.perceptual_hash import hash_distances, perceptual_hash
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.images import encode_png
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.testing.small_base import made_up_photo


def base_of(hashes, *, latent=None, histogram=None, photos=None):
    """Cases a, b, c, ... with these image hashes, and vectors and pixels by hash."""
    ids = [chr(ord("a") + place) for place in range(len(hashes))]
    features, representations = {}, {}
    for name, vectors in (("latent", latent), ("histogram", histogram)):
        if vectors is not None:
            features[f"{name}/1"] = {sha: np.array(row, dtype=np.float32) for sha, row in vectors.items()}
            representations[f"{name}/1"] = use(name)
    return CaseBase(
        name="photos",
        cases=[
            Case(id=one, image_sha256=sha, ballots=[Ballot(votes={"lime": 1}, source="human")])
            for one, sha in zip(ids, hashes, strict=True)
        ],
        features=features,
        representations=representations,
        pictures=Pictures(embedded={sha: encode_png(pixels) for sha, pixels in (photos or {}).items()}),
    )


def at_angles(**degrees):
    return {sha: [np.cos(np.radians(angle)), np.sin(np.radians(angle))] for sha, angle in degrees.items()}


def as_sets(groups, base):
    together = {}
    for identifier, label in zip(base.ids, groups.labels, strict=True):
        together.setdefault(label, set()).add(identifier)
    return sorted("".join(sorted(members)) for members in together.values())


def components_by_search(pairs, number):
    """Connected components by walking, which shares nothing with joining by roots."""
    neighbours = {row: {row} for row in range(number)}
    for first, second in pairs:
        neighbours[first].add(second)
        neighbours[second].add(first)
    found, seen = [], set()
    for row in range(number):
        if row in seen:
            continue
        reached, waiting = set(), [row]
        while waiting:
            at = waiting.pop()
            if at not in reached:
                reached.add(at)
                waiting += neighbours[at]
        seen |= reached
        found.append(frozenset(reached))
    return set(found)


def luma(pixels):
    red, green, blue = np.moveaxis(pixels.astype(np.int64), -1, 0)
    return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(np.uint8)


def hash_by_definition(pixels):
    """Zauner's hash with each DCT coefficient as the sum that defines it."""
    grey = Image.fromarray(luma(pixels)).resize((32, 32), Image.Resampling.LANCZOS)
    values = np.asarray(grey, dtype=np.float64)
    waves = np.cos(np.pi / 32 * (np.arange(32)[None, :] + 0.5) * np.arange(8)[:, None])  # (frequency, place)
    low = [[np.sum(np.outer(waves[u], waves[v]) * values) for v in range(8)] for u in range(8)]
    middle = np.median(low)
    return int("".join("1" if value > middle else "0" for row in low for value in row), 2)


@pytest.mark.parametrize(("colour", "seed"), [(0, 0), (1, 5), (2, 9)])
def test_the_perceptual_hash_is_that_of_its_definition(colour, seed):
    pixels = made_up_photo(colour, seed)
    assert perceptual_hash(pixels) == hash_by_definition(pixels)


def test_distances_of_hashes_count_the_bits_that_differ():
    hashes = [0, 1, 0b1011, 2**64 - 1]
    expected = [[bin(one ^ other).count("1") for other in hashes] for one in hashes]
    known = np.array(hashes, dtype=np.uint64)
    assert hash_distances(known, known).tolist() == expected


def test_a_photo_saved_again_as_a_small_jpeg_keeps_its_hash_within_six_bits(coco200):
    paths = sorted((coco200 / "images").iterdir())[:10]
    for path in paths:
        photo = Image.open(path).convert("RGB")
        saved = io.BytesIO()
        photo.resize((photo.width // 2, photo.height // 2)).save(saved, "JPEG", quality=30)
        one, other = (perceptual_hash(np.asarray(image)) for image in (photo, Image.open(saved)))
        assert bin(one ^ other).count("1") <= 6


def test_two_cases_of_one_photo_are_one_group():
    base = base_of(["s1", "s2", "s1"])
    groups = group_cases(base, Protocol())
    assert as_sets(groups, base) == ["ac", "b"]
    assert groups.labels.tolist() == [0, 1, 0]
    assert [(link.first, link.second, link.reason) for link in groups.links] == [("a", "c", "equal hash")]


def test_nearly_equal_latent_vectors_are_one_photo_and_less_alike_ones_are_not():
    # cos 25 degrees is .906, cos 26 degrees .899
    base = base_of(["p", "q", "r"], latent=at_angles(p=0, q=25, r=51))
    groups = group_cases(base, Protocol(latent_cosine=0.9))
    assert as_sets(groups, base) == ["ab", "c"]
    assert groups.links[0].reason == "cosine 0.9063 of latent"


def test_groups_are_transitive_across_the_rules():
    base = base_of(["p", "q", "r", "q"], latent=at_angles(p=0, q=20, r=40))
    assert as_sets(group_cases(base, Protocol(latent_cosine=0.9)), base) == ["abcd"]


def test_groups_are_the_connected_components_of_random_pairs():
    rng = np.random.default_rng(3)
    vectors = {f"s{number}": rng.normal(size=3) for number in range(60)}
    base = base_of(list(vectors), latent=vectors)
    rows = np.array(list(vectors.values()), dtype=np.float32).astype(float)
    near = [
        (one, other)
        for one, other in itertools.combinations(range(60), 2)
        if rows[one] @ rows[other] / np.sqrt(rows[one] @ rows[one] * (rows[other] @ rows[other])) >= 0.95
    ]
    groups = group_cases(base, Protocol(latent_cosine=0.95))
    expected = components_by_search(near, 60)
    assert 1 < len(expected) < 60
    assert {
        frozenset(np.flatnonzero(groups.labels == one).tolist()) for one in set(groups.labels.tolist())
    } == (expected)
    assert len(groups.links) == 60 - len(expected)
    assert f": {len(near)} pairs" in groups.rules[2]


def test_scale_does_not_part_two_vectors_of_one_direction():
    base = base_of(["p", "q"], latent={"p": [0.1, 0.3], "q": [100.0, 300.0]})
    assert group_cases(base, Protocol(latent_cosine=1.0)).number == 1


def test_photos_whose_pixels_nearly_agree_are_one_group_where_the_base_holds_pixels():
    photo = made_up_photo(0, 1)
    brighter = np.clip(photo.astype(int) + 3, 0, 255).astype(np.uint8)
    base = base_of(["p", "q", "r"], photos={"p": photo, "q": brighter, "r": made_up_photo(1, 2)})
    groups = group_cases(base, Protocol())
    assert as_sets(groups, base) == ["ab", "c"]
    assert "bits apart" in groups.links[0].reason
    assert groups.rules[1].endswith(": 1 pair")


def test_plain_surfaces_are_not_taken_for_one_photo():
    plain = {sha: np.full((224, 224, 3), value, dtype=np.uint8) for sha, value in (("p", 10), ("q", 200))}
    assert group_cases(base_of(["p", "q"], photos=plain), Protocol()).number == 2


def test_every_rule_is_told_with_its_threshold_and_what_kept_it_from_being_applied():
    rules = group_cases(base_of(["p", "q"]), Protocol(phash_distance=4)).rules
    assert rules == (
        "equal hash of the photo's file: 0 pairs",
        "perceptual hashes (DCT of 32 x 32 grey values) at most 4 of 64 bits apart: not applied, "
        "the case base holds no pixels",
        "cosine of stored vectors at least 0.9: not applied, it stores none",
    )


def test_photos_without_pixels_or_vectors_are_counted():
    photo = {"p": made_up_photo(0, 1)}
    base = base_of(["p", "q", "r"], photos=photo, latent=at_angles(p=0, q=90))
    rules = group_cases(base, Protocol()).rules
    assert rules[1].endswith("(2 cases have nothing to compare)")
    assert rules[2].endswith("(1 cases have nothing to compare)")


def test_latent_vectors_are_compared_although_others_have_more_numbers():
    base = base_of(["p", "q"], latent=at_angles(p=0, q=90), histogram={"p": [1, 1, 1], "q": [1, 1, 1]})
    groups = group_cases(base, Protocol())
    assert groups.number == 2
    assert "stored latent vectors (2 numbers)" in groups.rules[2]


def test_colour_histograms_must_agree_more_closely_than_latent_vectors():
    # cos 15 degrees is .966, as of two different photos of coco200-auto; cos 5 degrees is .996
    base = base_of(["p", "q", "r"], histogram=at_angles(p=0, q=15, r=20))
    groups = group_cases(base, Protocol())
    assert as_sets(groups, base) == ["a", "bc"]
    assert "stored histogram vectors (2 numbers) at least 0.99" in groups.rules[2]


def test_a_vector_of_zeros_is_compared_with_nothing():
    assert group_cases(base_of(["p", "q"], latent={"p": [0, 0], "q": [0, 0]}), Protocol()).number == 2


def test_no_two_photos_of_the_bundled_base_are_one():
    base = CaseBase.bundled()
    assert group_cases(base, Protocol()).number == len(base)


def test_a_groups_name_does_not_depend_on_the_order_of_the_cases():
    base = base_of(["s1", "s2", "s1", "s3"])
    turned = attrs.evolve(base, cases=base.cases[::-1])
    assert group_cases(base, Protocol()).names == ("a", "b", "a", "d")
    assert group_cases(turned, Protocol()).names == ("d", "a", "b", "a")

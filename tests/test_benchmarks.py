"""What Fatrina is measured against does the same work."""

from benchmarks import kernel

from fatrina.adapters.decoder import pipeline
from fatrina.domain.renditions import RENDITIONS


def test_the_bare_recipe_makes_the_same_sizes() -> None:
    assert tuple(rendition.box for rendition in RENDITIONS) == kernel.SIZES


def test_the_bare_recipe_encodes_as_decoders_do() -> None:
    ours = {f".{kind.value}": options for kind, options in pipeline.SAVE_OPTIONS.items()}
    assert (
        ours
        | {
            ".jpg": {"Q": pipeline.JPEG_QUALITY, "optimize_coding": False},
            ".avif": {
                "Q": pipeline.AVIF_QUALITY,
                "compression": "av1",
                "effort": 9 - pipeline.AVIF_SPEED,  # as libheif turns the one into the other
            },
        }
        == kernel.SAVERS
    )

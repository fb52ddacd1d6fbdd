"""The baseline of the benchmarks does the same work as Fatrina."""

from benchmarks import kernel

from fatrina.adapters.decoder import pipeline
from fatrina.domain.renditions import RENDITIONS


def test_the_baseline_renders_the_same_sizes() -> None:
    assert tuple(rendition.box for rendition in RENDITIONS) == kernel.SIZES


def test_the_baseline_uses_the_same_encoder_options() -> None:
    saver_options = {f".{kind.value}": options for kind, options in pipeline.SAVE_OPTIONS.items()}
    assert (
        saver_options
        | {
            ".jpg": {"Q": pipeline.JPEG_QUALITY, "optimize_coding": False},
            ".avif": {
                "Q": pipeline.AVIF_QUALITY,
                "compression": "av1",
                "effort": 9 - pipeline.AVIF_SPEED,  # libheif converts effort to speed this way
            },
        }
        == kernel.SAVERS
    )

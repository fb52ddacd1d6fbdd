"""What Fatrina is measured against does the same work."""

from benchmarks import kernel

from fatrina.adapters.decoder import recipe
from fatrina.domain.photo import Kind
from fatrina.domain.renditions import RENDITIONS


def test_the_bare_recipe_makes_the_same_sizes() -> None:
    assert tuple(rendition.box for rendition in RENDITIONS) == kernel.SIZES


def test_the_bare_recipe_encodes_as_decoders_do() -> None:
    ours = {f".{kind.value}": options for kind, options in recipe.SAVERS.items()}
    jpeg = kernel.SAVERS[".jpg"]
    assert ours | {".jpg": jpeg} == kernel.SAVERS
    assert jpeg == {"Q": recipe.JPEG_QUALITY, "optimize_coding": False}
    assert Kind.JPEG not in recipe.SAVERS

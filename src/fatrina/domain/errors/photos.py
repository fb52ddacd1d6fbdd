"""Errors of a photo: its bytes, format, dimensions and decoding."""

from fatrina.domain.errors.fields import FieldError


class PhotoError(FieldError):
    """A photo that cannot be accepted."""


class PhotoEmpty(PhotoError):
    """The photo has no bytes."""

    reason = "photo_empty"


class MultiplePhotos(PhotoError):
    """The request has more than one photo file."""

    reason = "multiple_photos"


class PhotoEncoded(PhotoError):
    """The field holds a photo as base64 text."""

    reason = "photo_encoded"


class ImageIsVideo(PhotoError):
    """The image is a video, which a photo cannot replace."""

    reason = "image_is_video"


class PhotoTooLarge(PhotoError):
    """The photo has more than `limit` bytes."""

    reason = "photo_too_large"


class PhotoNotAnImage(PhotoError):
    """The bytes are not in a known image format."""

    reason = "photo_not_an_image"


class PhotoUnsupported(PhotoError):
    """The bytes are in the known format `kind`, which is not accepted."""

    reason = "photo_unsupported"


class PhotoCodingUnsupported(PhotoError):
    """The format is accepted, but not this coding of it: `coding` (a technical name)."""

    reason = "photo_coding_unsupported"


class PhotoHeicUnavailable(PhotoError):
    """The photo is HEIC, and this installation has no decoder for it."""

    reason = "photo_heic_unavailable"


class PhotoTooManyPixels(PhotoError):
    """`width` times `height` is more than `limit` pixels."""

    reason = "photo_too_many_pixels"


class PhotoAvifTooManyPixels(PhotoError):
    """An AVIF of `bits` bits per sample and planes `kind`: `width` by `height` exceeds `limit`.

    Deeper samples, finer chroma and alpha take more memory, so the limit of pixels is lower.
    """

    reason = "photo_avif_too_many_pixels"


class PhotoSideTooLong(PhotoError):
    """`width` or `height` is more than `limit` pixels."""

    reason = "photo_side_too_long"


class PhotoTooManyFrames(PhotoError):
    """The animation has `frames` frames, more than `limit`."""

    reason = "photo_too_many_frames"


class PhotoTooManyScans(PhotoError):
    """The progressive JPEG has more than `limit` scans: only an attack has that many."""

    reason = "photo_too_many_scans"


class PhotoDamaged(PhotoError):
    """The photo is truncated or corrupt: `problem` (in English, from the decoder)."""

    reason = "photo_damaged"


class PhotoTimeout(PhotoError):
    """Decoding took more than `limit` seconds."""

    reason = "photo_timeout"


class PhotoMemoryExceeded(PhotoError):
    """Decoding needs more than `limit` bytes of memory."""

    reason = "photo_memory_exceeded"


class PhotoCrashedDecoder(PhotoError):
    """The decoder process crashed while it decoded this photo."""

    reason = "photo_crashed_decoder"

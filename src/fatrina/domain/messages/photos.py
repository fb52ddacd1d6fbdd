"""Texts for errors of a photo."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "photo_empty": Message(
        "ملف الصورة فارغ. اختر الملف من جديد ثم أعد إرساله.",
        "The photo file is empty. Choose the file again and resend it.",
    ),
    "multiple_photos": Message(
        "في الطلب أكثر من ملف صورة واحد، ولكل طلب صورة واحدة فقط. أرسل كل صورة في طلب مستقل.",
        "The request contains more than one photo file. Send each photo in a separate request.",
    ),
    "photo_encoded": Message(
        "يحتوي حقل {field} على صورة مكتوبة نصًّا بترميز base64. أرسل الصورة ملفًا في طلب بصيغة multipart/form-data، أو أرسل رابطها.",
        "The {field} field contains a photo as base64 text. Send the photo as a file in a multipart/form-data request, or send its link.",
    ),
    "image_is_video": Message(
        "هذا العنصر مقطع فيديو، ولا يمكن أن تحلّ صورة محلّه. احذفه ثم أضف الصورة إلى المنتج.",
        "This image is a video, which a photo cannot replace. Delete it, then attach the photo to the product.",
    ),
    "photo_too_large": Message(
        "يجب أن لا يتجاوز حجم الملف {field} {limit:kilobytes} كيلوبايت",
        "The {field} file must not be larger than {limit:kilobytes} kilobytes.",
    ),
    "photo_not_an_image": Message(
        "يجب أن يكون حقل {field} صورةً من نوع JPEG أو PNG أو WebP أو GIF أو AVIF.",
        "The {field} field must be a picture: JPEG, PNG, WebP, GIF or AVIF.",
    ),
    "photo_unsupported": Message(
        "نوع هذا الملف ({kind}) غير مقبول. احفظ الصورة بصيغة JPEG أو PNG أو WebP أو GIF أو AVIF ثم أعد إرسالها.",
        "This file format ({kind}) is not supported. Save the photo as JPEG, PNG, WebP, GIF or AVIF and send it again.",
    ),
    "photo_coding_unsupported": Message(
        "ترميز هذه الصورة ({coding}) غير مدعوم، ولا تعرضه المتصفحات. احفظ الصورة بصيغة JPEG عادية (8 بت) أو PNG ثم أعد إرسالها.",
        "The encoding of this photo ({coding}) is not supported, and browsers cannot display it. Save the photo as an ordinary 8-bit JPEG or as PNG and send it again.",
    ),
    "photo_heic_unavailable": Message(
        "لا تقبل هذه الخدمة صور HEIC. احفظ الصورة بصيغة JPEG ثم أعد إرسالها.",
        "This service does not support HEIC photos. Save the photo as JPEG and send it again.",
    ),
    "photo_too_many_pixels": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل ({pixels:megapixels} ميغابكسل)، والحد الأقصى {limit:megapixels} ميغابكسل. صغّر أبعادها ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels ({pixels:megapixels} megapixels); the limit is {limit:megapixels} megapixels. Reduce its dimensions and send it again.",
    ),
    "photo_avif_too_many_pixels": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل ({pixels:megapixels} ميغابكسل)، والحد الأقصى لصورة AVIF بعمق {bits} بت وعيّنات ألوان {kind} هو {limit:megapixels} ميغابكسل. صغّر أبعادها أو احفظها بصيغة JPEG ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels ({pixels:megapixels} megapixels); the limit for an AVIF of {bits} bits with {kind} samples is {limit:megapixels} megapixels. Reduce its dimensions or save it as JPEG, and send it again.",
    ),
    "photo_side_too_long": Message(
        "عرض الصورة {width:,} بكسل وارتفاعها {height:,} بكسل، والحد الأقصى لكل منهما {limit:,} بكسل. صغّر أبعادها ثم أعد إرسالها.",
        "The photo is {width:,} × {height:,} pixels; the limit for each side is {limit:,} pixels. Reduce its dimensions and send it again.",
    ),
    "photo_too_many_frames": Message(
        "عدد إطارات الصورة المتحركة {frames:,}، والحد الأقصى {limit:,}. قلّل إطاراتها ثم أعد إرسالها.",
        "The animation has {frames:,} frames; the limit is {limit:,}. Shorten it and send it again.",
    ),
    "photo_too_many_scans": Message(
        "عدد مراحل العرض التدريجي في ملف JPEG هذا يتجاوز {limit:,}، وهو ما لا تكتبه برامج الصور المعتادة. احفظ الصورة من جديد بصيغة JPEG عادية ثم أعد إرسالها.",
        "This JPEG has more than {limit:,} progressive scans, far more than photo software writes. Save it again as an ordinary JPEG and resend it.",
    ),
    "photo_damaged": Message(
        "الصورة تالفة أو وصلت ناقصة. افتحها للتأكد من سلامتها، واحفظها من جديد ثم أعد إرسالها.",
        "The photo is damaged or incomplete. Open it to check it, save it again and resend it.",
    ),
    "photo_timeout": Message(
        "استغرقت قراءة الصورة أكثر من {limit:seconds}. صغّر أبعادها أو احفظها من جديد بصيغة JPEG ثم أعد إرسالها.",
        "Decoding the photo took more than {limit:seconds}. Reduce its dimensions or save it as an ordinary JPEG, and send it again.",
    ),
    "photo_memory_exceeded": Message(
        "تحتاج قراءة الصورة إلى ذاكرة تزيد على {limit:bytes}. صغّر أبعادها أو احفظها من جديد بصيغة JPEG ثم أعد إرسالها.",
        "Decoding the photo needs more than {limit:bytes} of memory. Reduce its dimensions or save it as an ordinary JPEG, and send it again.",
    ),
    "photo_crashed_decoder": Message(
        "تعذّرت قراءة هذه الصورة. افتحها في برنامج لتحرير الصور واحفظها من جديد بصيغة JPEG أو PNG ثم أعد إرسالها.",
        "This photo cannot be read. Open it in a photo editor, save it as JPEG or PNG, and send the new file.",
    ),
}

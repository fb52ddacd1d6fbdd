"""Texts for errors of the service itself."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "busy": Message(
        "صور كثيرة في انتظار المعالجة الآن. أعد المحاولة بعد {retry:seconds}.",
        "Too many photos are waiting at the moment. Try again in {retry:seconds}.",
    ),
    "decoder_failed": Message(
        "توقفت معالجة الصورة لسبب لا علاقة له بالصورة نفسها. أعد المحاولة بعد {retry:seconds}.",
        "Work on the photo stopped through no fault of the photo. Try again in {retry:seconds}.",
    ),
    "storage_unavailable": Message(
        "مكان حفظ الصور لا يستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The place where photos are kept does not answer at the moment. Try again in a minute.",
    ),
    "database_unavailable": Message(
        "قاعدة البيانات لا تستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The database does not answer at the moment. Try again in a minute.",
    ),
    "housekeeping_busy": Message(
        "تجري الآن عملية أخرى على بيانات الخدمة كلها ({operation}). أعد المحاولة بعد انتهائها.",
        "Another operation on all of the service's data is in progress ({operation}). Try again when it has ended.",
    ),
    "clock_uncertain": Message(
        "حُذف لا شيء: انتهت مدة حفظ {count} من الصور بحسب ساعة الجهاز، لكن لم يُسجَّل شيء منذ {days} يومًا، فقد تكون الساعة متقدمة. تحقق من الساعة، ثم استخدم --trust-clock إن كانت صحيحة.",
        "Nothing was deleted: by this machine's clock {count} pictures are past their time, but nothing was recorded for {days} days, so the clock may be ahead. Check the clock; if it is right, use --trust-clock.",
    ),
    "stopping": Message(
        "تتوقف الخدمة الآن لإعادة تشغيلها. أعد إرسال الطلب بعد قليل.",
        "The service is stopping. Send the request again in a moment.",
    ),
    "storage_full": Message(
        "لم تبق مساحة لحفظ الصورة. لن تنجح إعادة المحاولة قبل أن يوفّر مشغّل الخدمة مساحة إضافية.",
        "There is no space left to keep the photo. Trying again will not help before the service's operator has made room.",
    ),
    "internal_error": Message(
        "حدث خطأ في الخدمة نفسها. أعد المحاولة بعد دقيقة، وإن تكرر الخطأ فأبلغ مشغّل الخدمة برقم الطلب.",
        "Something went wrong on our side. Try again in a minute; if it happens again, tell the service's operator the request's id.",
    ),
}

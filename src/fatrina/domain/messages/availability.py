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
        "Processing stopped for a reason unrelated to the photo. Try again in {retry:seconds}.",
    ),
    "storage_unavailable": Message(
        "مخزن الصور لا يستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The photo storage does not respond at the moment. Try again in a minute.",
    ),
    "database_unavailable": Message(
        "قاعدة البيانات لا تستجيب حاليًّا. أعد المحاولة بعد دقيقة.",
        "The database does not respond at the moment. Try again in a minute.",
    ),
    "database_busy": Message(
        "تُغيِّر طلبات أخرى البيانات نفسها الآن. أعد المحاولة بعد {retry:seconds}.",
        "Other requests are changing the same data at the moment. Try again in {retry:seconds}.",
    ),
    "housekeeping_busy": Message(
        "تجري الآن عملية أخرى على بيانات الخدمة كلها ({operation:operation}). أعد المحاولة بعد انتهائها.",
        "Another operation on all data of the service is in progress ({operation:operation}). Try again when it has finished.",
    ),
    "clock_uncertain": Message(
        "لم يُحذف شيء: بحسب ساعة الجهاز انتهت مدة حفظ {count} من الصور، لكن لم يُسجَّل شيء منذ مدة (بالأيام: {days})، فقد تكون الساعة متقدمة. تحقق من الساعة، فإن كانت صحيحة فاستخدم الخيار --trust-clock.",
        "Nothing was deleted: by this machine's clock, {count} images are due for deletion, but nothing was recorded in the last {days} days, so the clock may be ahead. Check the clock; if it is correct, use --trust-clock.",
    ),
    "stopping": Message(
        "الخدمة قيد الإيقاف. أعد إرسال الطلب بعد قليل.",
        "The service is shutting down. Send the request again in a moment.",
    ),
    "storage_full": Message(
        "لم تبق مساحة لحفظ الصورة. لن تنجح إعادة المحاولة قبل أن يوفّر مشغّل الخدمة مساحة إضافية.",
        "There is no space left to store the photo. Retrying does not help until the service's operator has freed space.",
    ),
    "internal_error": Message(
        "حدث خطأ داخلي في الخدمة. أعد المحاولة بعد دقيقة، وإن تكرر الخطأ فأبلغ مشغّل الخدمة بمعرّف الطلب.",
        "An internal error occurred. Try again in a minute; if it happens again, report the request's id to the service's operator.",
    ),
}

"""Texts for errors of the request as a whole."""

from typing import Final

from fatrina.domain.messages.message import Message

MESSAGES: Final[dict[str, Message]] = {
    "not_found": Message(
        "المحتوى الذي تحاول الوصول اليه غير متوفر",
        "The content you are trying to access is no longer available",
    ),
    "not_emulated": Message(
        "لا تحاكي هذه الخدمة الطلب {method} {path}. إن كانت الواجهة الحقيقية تقبله فأضف له ردًّا جاهزًا في ملف من مجلد FATRINA_STUBS، وإلا فراجع المسار.",
        "This service does not emulate {method} {path}. If the real API has this endpoint, add a canned response to the directory in FATRINA_STUBS; otherwise correct the path.",
    ),
    "gone": Message(
        "حُذفت ملفات هذه النسخة بعد انتهاء مدة الاحتفاظ بها، فلا يمكن استعادتها. أرسل الصورة من جديد.",
        "The files of this version were deleted after their retention time, so it cannot be restored. Send the photo again.",
    ),
    "precondition_failed": Message(
        "تغيّر ما تريد تعديله بعد أن قرأته، فلم يُنفَّذ الطلب. اقرأه من جديد ثم أعد الطلب بقيمة ETag الحالية: {etag}",
        "What you want to change has changed since you read it, so the request was not executed. Read it again, and repeat the request with its current ETag: {etag}",
    ),
    "precondition_required": Message(
        "يجب أن يحتوي الطلب على الترويسة If-Match. اقرأ ما تريد تعديله، ثم أرسل فيها قيمة ETag.",
        "The request must contain the If-Match header. Read what you want to change, and send its ETag in it.",
    ),
    "idempotency_running": Message(
        "يُنفَّذ الآن طلب آخر بالمفتاح نفسه (Idempotency-Key). أعد المحاولة بعد قليل لتحصل على نتيجته.",
        "Another request with the same Idempotency-Key is being executed. Try again shortly to get its result.",
    ),
    "idempotency_not_stored": Message(
        "نُفِّذ هذا الطلب من قبل، لكن ردّه كان أطول من أن يُحفظ. لا تكرّره، واقرأ الحالة الحالية بدلًا من ذلك.",
        "This request was executed before, but its response was too long to be stored. Do not repeat it; read the current state instead.",
    ),
    "method_not_allowed": Message(
        "هذا المسار لا يقبل طريقة الطلب هذه. استخدم إحدى الطرق المذكورة في ترويسة Allow.",
        "This path does not support this method. Use one of the methods that the Allow header lists.",
    ),
    "range_not_satisfiable": Message(
        "النطاق المطلوب يقع خارج الملف. حجم الملف {size:bytes}. اطلب نطاقًا داخله.",
        "The requested range lies outside the file, which has {size:bytes}. Request a range within it.",
    ),
    "malformed_request": Message(
        "الطلب ليس طلب HTTP سليمًا. أرسل طلبًا مكتوبًا وفق معيار HTTP/1.1.",
        "The request is not valid HTTP. Send a request that follows HTTP/1.1.",
    ),
    "unsupported_content_type": Message(
        "نوع محتوى الطلب (Content-Type) «{type}» غير مدعوم. أرسل الصورة ملفًا في الحقل photo من طلب بصيغة multipart/form-data، أو أرسل رابطها بصيغة application/json أو application/x-www-form-urlencoded.",
        'The Content-Type "{type}" is not supported. Send the photo as the file field "photo" of a multipart/form-data request, or its link as application/json or application/x-www-form-urlencoded.',
    ),
    "body_is_photo": Message(
        "جسم الطلب هو الصورة نفسها وليس نموذجًا. أرسل الصورة ملفًا في الحقل photo من طلب بصيغة multipart/form-data.",
        'The request body is the photo itself instead of a form. Send the photo as the file field "photo" of a multipart/form-data request.',
    ),
    "malformed_multipart": Message(
        "تعذّرت قراءة جسم الطلب المرسل بصيغة multipart/form-data{problem:detail}. دع مكتبة HTTP تُنشئه، وتأكد من أن الفاصل (boundary) فيه هو نفسه المذكور في ترويسة Content-Type.",
        "The multipart/form-data body cannot be read{problem:detail}. Let an HTTP library create it, with the same boundary as in the Content-Type header.",
    ),
    "malformed_json": Message(
        "جسم الطلب ليس كائن JSON. أرسل كائن JSON واحدًا بترميز UTF-8 يحمل الحقول بأسمائها، على ألا تتداخل القيم فيه أكثر من 64 مستوى.",
        "The request body is not a JSON object. Send one object in UTF-8 that contains the fields by name, nested at most 64 levels deep.",
    ),
    "malformed_form": Message(
        "تعذّرت قراءة حقول النموذج بترميز UTF-8. اكتب الأسماء والقيم بالترميز المئوي (RFC 3986) اعتمادًا على UTF-8، أو أرسل الطلب بصيغة multipart/form-data.",
        "The form's fields cannot be read as UTF-8. Percent-encode names and values in UTF-8, or send multipart/form-data.",
    ),
    "incomplete_body": Message(
        "انقطع الاتصال قبل وصول الطلب كاملًا. أعد إرساله.",
        "The connection closed before the complete request had arrived. Send it again.",
    ),
    "request_timeout": Message(
        "وصل الطلب ببطء شديد: لم يصل منه شيء طوال {seconds:seconds}، أو استغرق إرساله أطول من المسموح به. أعد إرساله عبر اتصال أسرع، أو أرسل صورة أصغر.",
        "The request arrived too slowly: nothing arrived for {seconds:seconds}, or the upload took longer than allowed. Send it again over a faster connection, or send a smaller photo.",
    ),
    "payload_too_large": Message(
        "حجم الطلب أكبر من الحد المسموح به هنا، وهو {limit:bytes}. إن كانت فيه صورة فأرسلها ملفًا في طلب بصيغة multipart/form-data.",
        "The request is larger than the limit of {limit:bytes}. If it contains a photo, send it as a file in a multipart/form-data request.",
    ),
    "client_gone": Message(
        "أغلق البرنامج الاتصال قبل بدء تنفيذ الطلب.",
        "The client closed the connection before the request was executed.",
    ),
    "too_many_requests": Message(
        "تجاوز المتجر عدد الطلبات المسموح به في خطته ({limit}). أعد المحاولة بعد {retry:seconds}.",
        "The store has used up all {limit} requests of its plan. Try again in {retry:seconds}.",
    ),
    "too_many_guesses": Message(
        "وصلت مفاتيح سرية خاطئة كثيرة في وقت قصير. أعد المحاولة بعد {retry:seconds} بالمفتاح السري الصحيح.",
        "Too many wrong secrets arrived in a short time. Try again in {retry:seconds} with the correct secret.",
    ),
}
